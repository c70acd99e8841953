# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping sessions: which frames are key frames, and what lies on disk of them."""

import math
import shutil

import numpy as np
import pytest
from support.machine.disks import names_below, small_disk
from support.small_recording import small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.session import KeyFrameSelection, MappingSession

OPTIONS = MapperNodeOptions()


@pytest.mark.parametrize('position, yaw_deg, stamp_s, wanted', [
    ((0.049, 0, 0), 0.0, 2.0, False), ((0.051, 0, 0), 0.0, 2.0, True),
    ((0, 0, 0), 2.9, 2.0, False), ((0, 0, 0), 3.1, 2.0, True), ((1, 0, 0), 90.0, 0.4, False)])
def test_a_key_frame_has_moved_or_turned_enough_and_is_late_enough(
        position, yaw_deg, stamp_s, wanted):
    options = MapperNodeOptions(key_frame_interval=0.5)
    selection = KeyFrameSelection()
    assert selection.wants(0, np.eye(4), options)
    selection.keep(0, np.eye(4))
    pose = pose_of_rpy(position, (0, 0, math.radians(yaw_deg)))
    assert selection.wants(int(stamp_s * 1e9), pose, options) is wanted


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
