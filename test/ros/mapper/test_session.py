# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping sessions: which frames are key frames, and what lies on disk of them."""

from dataclasses import replace
import shutil
import time

import numpy as np
import pytest
from support.machine.disks import names_below, small_disk
from support.small_recording import sharp_frames, small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.session import MappingSession
from scene_reloc_ros.uncertainty.pose_plausibility import DoubtfulPose

OPTIONS = MapperNodeOptions()


def test_a_session_writes_nothing_before_its_first_key_frame_and_then_each_of_them(tmp_path):
    session = MappingSession(tmp_path)
    assert len(session) == 0 and not session.recording.exists()
    frames = small_frames(3)
    assert [session.offer(frame, OPTIONS) for frame in (frames[0], *frames)] == [
        True, False, True, True]
    assert len(session) == 3 == len(open_sequence(str(session.recording)))


def test_two_sessions_of_one_second_have_folders_of_their_own(tmp_path):
    sessions = []
    for _ in range(2):
        sessions.append(MappingSession(tmp_path))
        sessions[-1].offer(small_frames(1)[0], OPTIONS)
    assert sessions[0].recording != sessions[1].recording
    assert sessions[0].map_path != sessions[1].map_path


def test_two_robots_that_begin_in_one_second_do_not_write_into_one_recording(
        tmp_path, monkeypatch):
    monkeypatch.setattr(time, 'strftime', lambda _: '20261128-120000')
    sessions = [MappingSession(tmp_path) for _ in range(3)]  # none of them has written yet
    assert len({session.recording for session in sessions}) == 1
    for count, session in enumerate(sessions, 1):
        for frame in small_frames(count):
            session.offer(frame, OPTIONS)
    assert [session.name for session in sessions] == [
        '20261128-120000', '20261128-120000-1', '20261128-120000-2']
    assert [len(open_sequence(str(session.recording))) for session in sessions] == [1, 2, 3]
    assert len({session.map_path for session in sessions}) == 3


def test_a_discarded_session_leaves_nothing_on_disk(tmp_path):
    session = MappingSession(tmp_path)
    assert session.discard() == 0
    session.offer(small_frames(1)[0], OPTIONS)
    assert session.discard() == 1
    assert not session.recording.exists() and len(session) == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / 'file'
    blocked.write_text('')
    with pytest.raises(ValueError, match='parameter folder: .*recordings cannot be written'):
        MappingSession(blocked)
    with pytest.raises(ValueError, match='parameter folder|no home folder for its ~'):
        MappingSession('~no-such-user/maps')
    (tmp_path / 'maps').write_text('a file where maps are to go')
    with pytest.raises(ValueError, match='folder .*maps cannot be written .*Not a directory'):
        MappingSession(tmp_path)


@pytest.mark.parametrize('failure', ['full', 'read-only'])
@pytest.mark.parametrize('kept', [0, 2])
def test_a_disk_that_fails_costs_key_frames_and_recording_goes_on_with_it(
        tmp_path, failure, kept):
    frames = small_frames(6)
    with small_disk(tmp_path / 'disk', kib=512) as disk:
        session = MappingSession(disk.path)
        assert [session.offer(frame, OPTIONS) for frame in frames[:kept]] == [True] * kept
        before = names_below(disk.path)
        disk.fill() if failure == 'full' else disk.remount('ro')
        for frame in frames[kept:4]:
            with pytest.raises(ValueError, match='cannot be written .*; free space or give perm'):
                session.offer(frame, OPTIONS)
        assert [name for name in names_below(disk.path) if 'png' in name] == [
            name for name in before if 'png' in name]
        disk.free() if failure == 'full' else disk.remount('rw')
        assert [session.offer(frame, OPTIONS) for frame in frames[4:]] == [True, True]
        recording = open_sequence(str(session.recording))
        seen = frames[:kept] + frames[4:]
        assert len(session) == len(recording) == len(seen)
        for index, frame in enumerate(seen):
            np.testing.assert_array_equal(recording[index].image, frame.image)
            np.testing.assert_allclose(recording[index].depth_m, frame.depth_m, atol=1e-3)


def test_a_recording_that_was_removed_is_named_and_can_be_discarded(tmp_path):
    session = MappingSession(tmp_path)
    frames = small_frames(3)
    session.offer(frames[0], OPTIONS)
    shutil.rmtree(session.recording)
    with pytest.raises(ValueError, match='has been removed; call ~/discard, and ~/start'):
        session.offer(frames[1], OPTIONS)
    assert session.discard() == 1
    assert MappingSession(tmp_path).offer(frames[2], OPTIONS)


def test_a_recording_that_cannot_be_deleted_is_named_and_stays(tmp_path):
    with small_disk(tmp_path / 'disk', kib=512) as disk:
        session = MappingSession(disk.path)
        session.offer(small_frames(1)[0], OPTIONS)
        disk.remount('ro')
        with pytest.raises(ValueError, match='cannot be deleted .*; delete it by hand'):
            session.discard()
        assert len(session) == 1
        disk.remount('rw')
        assert session.discard() == 1 and not session.recording.exists()


def moved(frame, metres, seconds=0.0):
    """Return a frame whose pose is off along x, and whose stamp is another."""
    pose = frame.map_from_cam.copy()
    pose[0, 3] += metres
    return replace(frame, map_from_cam=pose,
                   stamp_ns=frame.stamp_ns + round(seconds * 1_000_000_000))


def offered(session, frames):
    """Return for each frame: K, or the code of what was said against it."""
    said = []
    for frame in frames:
        try:
            said.append('K' if session.offer(frame, OPTIONS) else '-')
        except DoubtfulPose as error:
            said.append(error.doubt.code)
        except InputRejection as error:
            said.append(error.rejection.code)
    return said


def recorded(session):
    """Return stamps in seconds and x of what lies on disk."""
    sequence = open_sequence(str(session.recording))
    return ([sequence.stamp_ns(index) * 1e-9 for index in range(len(sequence))],
            [sequence.map_from_cam(index)[0, 3] for index in range(len(sequence))])


@pytest.mark.parametrize('metres', [3.0, 4e6, -70.0])
def test_a_frame_that_no_robot_gets_to_is_not_kept_and_the_next_is(tmp_path, metres):
    session, frames = MappingSession(tmp_path), small_frames(5)
    frames[2] = moved(frames[2], metres)
    assert offered(session, frames) == ['K', 'K', 'pose_jump', 'K', 'K']
    assert session.jumps == 0 and session.news() == ''
    assert len(recorded(session)[0]) == len(session) == 4


def test_an_impossible_pose_is_refused(tmp_path):
    session, frames = MappingSession(tmp_path), small_frames(3)
    frames[1] = moved(frames[1], 4e27)
    with pytest.raises(ValueError, match='4e\\+27 m from the origin'):
        offered(session, frames[:2])
    assert offered(session, frames[2:]) == ['K']


def test_where_the_poses_go_on_elsewhere_the_frames_are_kept_again_and_it_is_told_once(tmp_path):
    session, frames = MappingSession(tmp_path), small_frames(10)
    frames[4:] = [moved(frame, 30.0) for frame in frames[4:]]
    assert offered(session, frames) == ['K'] * 4 + ['pose_jump'] * 2 + ['K'] * 4
    assert session.jumps == 1
    assert 'the poses went on elsewhere, 30' in session.news() and session.news() == ''


@pytest.mark.parametrize('wrong', [1, 2])
def test_a_start_that_was_wrong_is_taken_back(tmp_path, wrong):
    session, frames = MappingSession(tmp_path), small_frames(8)
    frames[:wrong] = [moved(frame, 30.0) for frame in frames[:wrong]]
    assert offered(session, frames) == ['K'] * wrong + ['pose_jump'] * 2 + ['K'] * (6 - wrong)
    assert f'the {wrong} key frames before were wrong and are taken back' in session.news()
    stamps, places = recorded(session)
    assert len(session) == len(places) == 6 - wrong and max(places) < 1.0
    assert len(list((session.recording / 'rgb').iterdir())) == len(places)
    np.testing.assert_allclose(places, [pose[0, 3] for pose in session.poses])


@pytest.mark.parametrize('told', [True, False])
@pytest.mark.parametrize('back_s', [5.0, 86_400.0])
def test_a_recording_goes_on_where_the_clock_was_set_back(tmp_path, told, back_s):
    """The node hears of it from the clock; else three images say so."""
    session, frames = MappingSession(tmp_path), small_frames(8)
    frames = [moved(frame, 0.0, 100_000.0 - (back_s if index >= 4 else 0.0))
              for index, frame in enumerate(frames)]
    assert offered(session, frames[:4]) == ['K'] * 4
    if told:
        session.time_restarted()
    lost = [] if told else ['stale_stamp'] * 2
    assert offered(session, frames[4:]) == lost + ['K'] * (4 - len(lost))
    stamps, places = recorded(session)
    assert stamps == sorted(stamps) and len(stamps) == 8 - len(lost)
    assert stamps[4] - stamps[3] == pytest.approx(1.0, abs=1e-5)
    assert places == sorted(places)


def test_one_image_that_comes_late_is_refused_and_nothing_else(tmp_path):
    session, frames = MappingSession(tmp_path), small_frames(5)
    late = moved(frames[0], 0.15, -1.0)
    assert offered(session, [*frames[:3], moved(late, 0, 100), *frames[3:]][:3]) == ['K'] * 3
    assert offered(session, [late, *frames[3:]]) == ['stale_stamp', 'K', 'K']


def test_a_session_that_goes_on_knows_what_lies_on_disk(tmp_path):
    frames = small_frames(6)
    before = MappingSession(tmp_path)
    assert offered(before, frames[:3]) == ['K'] * 3
    session = MappingSession(tmp_path, before.name)
    assert (session.recording, session.map_path) == (before.recording, before.map_path)
    assert len(session) == 3 and offered(session, frames[2:]) == ['-', 'K', 'K', 'K']
    np.testing.assert_allclose(session.poses, [frame.map_from_cam for frame in frames], atol=1e-8)
    assert session.discard() == 6 and not session.recording.exists()


@pytest.mark.parametrize('back_s', [0.15, 5.0, 86_400.0, -86_400.0])
def test_a_session_goes_on_whatever_the_clock_says_after_a_restart(tmp_path, back_s):
    frames = [moved(frame, 0.0, 100_000.0 - (back_s if index >= 4 else 0.0))
              for index, frame in enumerate(small_frames(12))]
    before = MappingSession(tmp_path)
    assert offered(before, frames[:4]) == ['K'] * 4
    session = MappingSession(tmp_path, before.name)
    said = offered(session, frames[4:])
    assert said.count('stale_stamp') <= 2 and said[2:] == ['K'] * 6
    stamps, places = recorded(session)
    assert stamps == sorted(stamps) and len(stamps) == len(session) == 4 + said.count('K')
    assert places == sorted(places)


def test_a_torn_end_and_a_pose_that_is_none_are_left_out_when_a_session_goes_on(tmp_path):
    before, frames = MappingSession(tmp_path), small_frames(6)
    offered(before, frames[:4])
    poses = (before.recording / 'groundtruth.txt').read_text().splitlines()
    stamp, *numbers = poses[1].split()
    poses[1] = ' '.join((stamp, *numbers[:3], *['0'] * 4))
    (before.recording / 'groundtruth.txt').write_text('\n'.join(poses) + '\n')
    with (before.recording / 'rgb.txt').open('a') as file:
        file.write('1.9000000')
    session = MappingSession(tmp_path, before.name)
    assert len(session) == 3 and offered(session, frames[4:]) == ['K', 'K']
    assert len(open_sequence(str(session.recording))) == 6


@pytest.mark.parametrize('bounds', [{'max_frames': 20}, {'max_disk_mb': 1.0}])
def test_a_full_recording_thins_evenly_and_counts_what_lies_on_disk(tmp_path, bounds):
    session, options = MappingSession(tmp_path), replace(OPTIONS, **bounds)
    frames = sharp_frames(60)
    kept = [session.offer(frame, options) for frame in frames]
    stamps, places = recorded(session)
    assert len(places) == len(session) == sum(kept) - session.bound.thinned
    assert session.bound.thinned > 0 and sum(kept) > 30
    if 'max_frames' in bounds:
        assert 17 <= len(session) <= 20
    pictures = [path.stat().st_size for part in ('rgb', 'depth')
                for path in (session.recording / part).iterdir()]
    assert len(pictures) == 2 * len(session)
    assert sum(pictures) / 1e6 == pytest.approx(session.size_mb)
    assert session.size_mb <= options.max_disk_mb
    gaps = np.diff(places)  # 5.9 m: evenly that is 0.3 m of 20
    assert places[0] < 0.6 and places[-1] > 5.3 and gaps.max() < 4 * np.median(gaps)
    assert 'is full' in session.news()


def test_a_full_recording_takes_no_view_that_it_has_and_takes_new_ones(tmp_path):
    session, options = MappingSession(tmp_path), replace(OPTIONS, max_frames=20)
    there = small_frames(40)
    for frame in there:
        session.offer(frame, options)
    again = [moved(frame, 0.0, 10.0 + 2 * 0.1 * (39 - index))
             for index, frame in enumerate(there[:-1])][::-1]
    writes = session.bound.thinned
    assert [session.offer(frame, options) for frame in again].count(True) <= 3
    assert session.bound.thinned - writes <= 3
    far = [moved(frame, 4.0 + index * 0.1, 100.0) for index, frame in enumerate(there[:5])]
    assert any(session.offer(frame, options) for frame in far)


@pytest.mark.parametrize('bounds, sentence', [
    ({'max_frames': 5}, 'max_frames 5 and max_disk_mb 20000 leave room for 5 key frames'),
    ({'max_disk_mb': 0.01}, 'max_frames 10000 and max_disk_mb 0.01 leave room for')])
def test_a_bound_that_leaves_no_room_for_a_map_is_named(tmp_path, bounds, sentence):
    session, options = MappingSession(tmp_path), replace(OPTIONS, **bounds)
    frames = sharp_frames(3)
    with pytest.raises(ValueError, match=sentence):
        for frame in frames:
            session.offer(frame, options)
    assert session.offer(frames[2], OPTIONS)
