# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The recorder of a mapper: what it takes, what it refuses, and the loan to a training."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.key_frames import KnownPoses, messages_of
from support.small_recording import CAMERA, SHARP_CAMERA, sharp_frames, small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.recorder import Recorder
from scene_reloc_ros.uncertainty.rejection import Rejection

OPTIONS = MapperNodeOptions()


def shown(recorder, frames, known=None, camera=(CAMERA, None)):
    """Return the reasons for frames whose poses are known, or those of others are."""
    poses = KnownPoses(frames if known is None else known)
    answers = [recorder.take(messages_of(f), camera, poses, OPTIONS) for f in frames]
    return [None if answer is None else answer[0] for answer in answers]


@pytest.fixture
def recorder(tmp_path):
    """Return one that records."""
    recorder = Recorder()
    recorder.start(str(tmp_path))
    return recorder


def test_nothing_is_taken_while_it_does_not_record(tmp_path):
    recorder = Recorder()
    assert shown(recorder, small_frames(2)) == [None, None]
    assert (recorder.state, recorder.path, recorder.poses) == ('idle', '', [])


def test_key_frames_are_kept_with_their_poses(recorder):
    frames = small_frames(3)
    assert shown(recorder, [frames[0], *frames]) == ['kept', 'not_moved', 'kept', 'kept']
    np.testing.assert_array_equal(recorder.poses, [frame.map_from_cam for frame in frames])
    assert recorder.state == 'recording' and recorder.is_recording


def test_a_frame_without_pose_or_camera_is_refused_with_a_sentence(recorder):
    frame = small_frames(1)[0]
    answer = recorder.take(messages_of(frame), (CAMERA, None), KnownPoses([]), OPTIONS)
    assert answer == ('refused', 'no pose of camera')
    assert shown(recorder, [frame], camera=(None, 'no camera_info yet')) == ['refused']
    assert recorder.keyframes == 0


def test_depth_beyond_the_stated_range_is_not_recorded(recorder):
    frame = small_frames(1)[0]
    image, _ = messages_of(frame)
    depth_m = frame.depth_m.copy()
    depth_m[:4] = 6.0
    depth = CvBridge().cv2_to_imgmsg(depth_m, '32FC1', image.header)
    recorder.take((image, depth), (CAMERA, None), KnownPoses([frame]),
                  replace(OPTIONS, depth_farthest=5.0))
    recorded = open_sequence(recorder.path)[0].depth_m
    assert (recorded[:4] == 0).all() and (recorded[4:] == 1).all()


def test_a_stopped_session_goes_on_and_a_discarded_one_does_not(recorder, tmp_path):
    shown(recorder, small_frames(2))
    assert recorder.stop() == 'stopped with 2 key frames; call ~/train to make a map'
    with pytest.raises(ValueError, match='not recording; call ~/start first'):
        recorder.stop()
    assert recorder.state == 'recorded'
    assert '2 key frames so far' in recorder.start(str(tmp_path))
    with pytest.raises(ValueError, match='already recording, 2 key frames so far'):
        recorder.start(str(tmp_path))
    assert recorder.discard() == 'discarded 2 key frames'
    with pytest.raises(ValueError, match='there is no session to discard'):
        recorder.discard()


def test_a_session_without_key_frames_is_not_lent(recorder, tmp_path):
    with pytest.raises(ValueError, match='the session has no key frames: call ~/start'):
        recorder.lend(replace(OPTIONS, folder=str(tmp_path)))
    assert recorder.state == 'idle'


def test_a_lent_session_is_left_alone_until_it_is_taken_back(recorder, tmp_path):
    shown(recorder, small_frames(2))
    session = recorder.lend(OPTIONS)
    assert len(session) == 2 and recorder.state == 'training'
    assert shown(recorder, small_frames(3)) == [None] * 3
    for refused in (lambda: recorder.start(str(tmp_path)), recorder.discard,
                    lambda: recorder.lend(OPTIONS), lambda: recorder.resume(OPTIONS)):
        with pytest.raises(ValueError, match='a training is running; '):
            refused()
    recorder.take_back(finished=False)
    assert (recorder.state, recorder.keyframes) == ('recorded', 2)


def test_a_session_that_became_a_map_is_over(recorder):
    shown(recorder, small_frames(2))
    recorder.lend(OPTIONS)
    recorder.take_back(finished=True)
    assert (recorder.state, recorder.keyframes, recorder.path) == ('idle', 0, '')


def test_what_is_not_kept_is_counted_by_its_reason_until_the_next_session(recorder, tmp_path):
    frames = small_frames(9)
    for index in (3, 6, 7):
        frames[index] = replace(frames[index], map_from_cam=(
            frames[index].map_from_cam + 50.0 * np.eye(4, k=3)))
    known = [frame for index, frame in enumerate(frames) if index != 1]
    assert shown(recorder, frames, known) == [
        'kept', 'refused', 'kept', 'refused', 'kept', 'kept', 'refused', 'refused', 'kept']
    assert recorder.refusals == {'no_camera_transform': 1, 'pose_jump': 3}
    assert recorder.refusal is None and recorder.jumps == 0
    assert recorder.refuse(InputRejection(Rejection.FUTURE_STAMP, 'tomorrow')) == (
        'refused', 'tomorrow')
    assert recorder.refusals['future_stamp'] == 1 and recorder.refusal == 'future_stamp'
    recorder.discard()
    recorder.start(str(tmp_path))
    assert not recorder.refusals


def in_folder(folder, **changes):
    """Return options of a mapper whose recordings lie there."""
    return replace(OPTIONS, folder=str(folder), **changes)


def left_behind(folder, count, begin=0):
    """Leave a recording as a node that was killed does; returns its name."""
    recorder = Recorder()
    recorder.start(str(folder))
    assert shown(recorder, small_frames(begin + count)[begin:]) == ['kept'] * count
    return Path(recorder.path).name


def test_after_a_restart_a_training_names_the_recording_and_resume_goes_on_with_it(tmp_path):
    name, frames = left_behind(tmp_path, 3), small_frames(5)
    recorder = Recorder()
    with pytest.raises(ValueError, match=f'no key frames: call ~/start.*; from before there is '
                       f'recording {name} .3 key frames, no map.: call ~/resume'):
        recorder.lend(in_folder(tmp_path))
    assert 'goes on, 3 key frames so far' in recorder.resume(in_folder(tmp_path))
    assert recorder.state == 'recording' and recorder.keyframes == 3
    assert shown(recorder, frames[2:]) == ['not_moved', 'kept', 'kept']
    assert recorder.lend(in_folder(tmp_path)).name == name
    recorded = open_sequence(recorder.path)
    assert [recorded.stamp_ns(index) for index in range(5)] == [f.stamp_ns for f in frames]
    np.testing.assert_allclose(recorder.poses, [frame.map_from_cam for frame in frames], atol=1e-8)


def test_a_recording_is_trained_by_its_name_and_nothing_is_recorded_meanwhile(tmp_path):
    first, second = left_behind(tmp_path, 2), left_behind(tmp_path, 4)
    recorder = Recorder()
    assert recorder.lend(in_folder(tmp_path, session=first)).name == first
    assert shown(recorder, small_frames(9)[6:]) == [None] * 3
    recorder.take_back(finished=False)
    assert recorder.state == 'idle'
    recorder.start(str(tmp_path))
    assert Path(recorder.path).name not in (first, second)
    shown(recorder, small_frames(1))
    with pytest.raises(ValueError, match=f'the present session is .*, the parameter session is '
                       f'{second}; set it to nothing, or call ~/resume'):
        recorder.lend(in_folder(tmp_path, session=second))
    recorder.stop()
    recorder.resume(in_folder(tmp_path, session=second))
    assert Path(recorder.path).name == second and recorder.keyframes == 4
    with pytest.raises(ValueError, match='already recording'):
        recorder.resume(in_folder(tmp_path, session=first))


def test_a_session_in_hand_goes_on_with_resume_too(recorder, tmp_path):
    shown(recorder, small_frames(2))
    recorder.stop()
    left_behind(tmp_path, 5)
    assert '2 key frames so far' in recorder.resume(in_folder(tmp_path))
    assert recorder.state == 'recording'


@pytest.mark.parametrize('session, sentence', [
    ('', 'there are no recordings in .*recordings; call ~/start'),
    ('yesterday', 'there are no recordings in .*recordings; call ~/start')])
def test_where_nothing_was_recorded_there_is_nothing_to_resume(tmp_path, session, sentence):
    with pytest.raises(ValueError, match=sentence):
        Recorder().resume(in_folder(tmp_path, session=session))


def test_poses_of_another_frame_are_not_mixed_with_those_on_disk(tmp_path):
    name = left_behind(tmp_path, 2)
    with pytest.raises(ValueError, match=f"{name} is in frame 'map', the parameter map_frame is "
                       "'odom'; set it to 'map'"):
        Recorder().resume(in_folder(tmp_path, map_frame='odom'))


def test_a_blurred_picture_is_counted_by_its_reason(recorder):
    frames = sharp_frames(9)
    frames[7] = replace(frames[7], image=cv2.GaussianBlur(frames[7].image, (0, 0), 4))
    assert shown(recorder, frames, camera=(SHARP_CAMERA, None)) == [
        'kept'] * 7 + ['refused', 'kept']
    assert recorder.refusals == {'too_blurred': 1}
