# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Frames to be mapped: those whose poses are no poses, or no robot's, are left out and named."""

from dataclasses import replace
import math

import numpy as np
import pytest
from support.small_recording import PERIOD_NS, small_frames, write_small_recording

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.pipeline.believed_frames import believed_frames, left_out_sentence
from scene_reloc_ros.uncertainty.pose_plausibility import MotionBounds

BOUNDS = MotionBounds()


def moved(frame, metres):
    """Return a frame whose pose is so many metres off along x."""
    pose = frame.map_from_cam.copy()
    pose[0, 3] += metres
    return replace(frame, map_from_cam=pose)


def with_poses(changes, count=12):
    """Return frames of which some have other poses, and what is believed of them."""
    frames = small_frames(count)
    for index, pose in changes.items():
        frames[index] = replace(frames[index], map_from_cam=pose)
    return frames, believed_frames(frames, BOUNDS)


@pytest.mark.parametrize('pose, code, said', [
    (None, 'no_camera_transform', 'frame 5 has no pose'),
    (np.full((4, 4), -np.inf), 'pose_impossible', 'pose of 5 contains NaN or Inf'),
    (np.diag([2.0, 2, 2, 1]), 'pose_impossible', 'pose of 5 is no rotation'),
    (np.block([[np.eye(3), np.array([[4e27], [0], [0]])], [0, 0, 0, 1]]), 'pose_impossible',
     'pose of 5 is 4e+27 m from the origin'),
    (np.block([[np.eye(3), np.array([[4e3], [0], [0]])], [0, 0, 0, 1]]), 'pose_jump',
     'the pose of 5 is where no robot gets')])
def test_one_pose_among_twelve_costs_its_frame(pose, code, said):
    frames, found = with_poses({5: pose})
    assert [found.frames[i].name for i in range(len(found.frames))] == [
        frame.name for frame in frames if frame.name != '5']
    figures = found.figures()
    assert found.jumps == 0 and figures['frames'] == ['5']
    assert figures['reasons'] == {code: 1}
    sentence = left_out_sentence(found.left_out)
    assert sentence.startswith('1 frame left out: ') and said in sentence
    assert found.poses.shape == (11, 4, 4) and np.abs(found.poses).max() < 2.0


def test_frames_that_are_believed_are_those_that_came():
    frames, found = with_poses({})
    assert found.frames is frames and found.left_out == []
    assert found.figures() == {'frames': [], 'reasons': {}} and not found.jumps
    assert left_out_sentence(found.left_out) == ''


def test_a_trajectory_that_goes_on_elsewhere_is_kept_and_counted():
    frames = small_frames(12)
    frames[6:] = [moved(frame, 40.0) for frame in frames[6:]]
    found = believed_frames(frames, BOUNDS)
    assert len(found.frames) == 12 and found.jumps == 1


def test_a_wrong_start_is_left_out():
    frames = small_frames(12)
    frames[0] = moved(frames[0], 40.0)
    assert believed_frames(frames, BOUNDS).figures()['frames'] == ['0']


def test_more_than_a_third_that_cannot_be_believed_is_an_error():
    with_poses(dict.fromkeys(range(4)))
    with pytest.raises(ValueError, match='5 frames left out: frame 0 has no pose; .*of 12 frames '
                       'that is more than a third; repair the poses'):
        with_poses(dict.fromkeys(range(5)))


def test_a_sentence_names_five_frames_and_counts_the_rest():
    _, found = with_poses(dict.fromkeys(range(7)), 24)
    assert left_out_sentence(found.left_out).endswith('frame 4 has no pose and 2 more')


def test_of_a_recording_no_image_is_decoded(tmp_path):
    write_small_recording(tmp_path, 12)
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    lines[4] = ' '.join([lines[4].split()[0], '80', *lines[4].split()[2:]])
    lines[7] = ' '.join([*lines[7].split()[:4], '0', '0', '0', '0'])
    (tmp_path / 'groundtruth.txt').write_text('\n'.join(lines) + '\n')
    for image in (tmp_path / 'rgb').iterdir():
        image.write_bytes(b'')
    found = believed_frames(open_sequence(tmp_path), BOUNDS).figures()
    assert found['reasons'] == {'pose_jump': 1, 'pose_impossible': 1}
    assert [float(name) for name in found['frames']] == pytest.approx([
        1.0 + index * PERIOD_NS * 1e-9 for index in (4, 7)])


def test_a_faster_robot_needs_other_bounds_only_where_it_is_not_always_fast():
    frames = [moved(frame, 3.0 * index) for index, frame in enumerate(small_frames(12))]
    assert not believed_frames(frames, BOUNDS).left_out  # 31 m/s, all the time
    frames[5] = moved(frames[5], 90.0)
    assert [one.name for one in believed_frames(frames, BOUNDS).left_out] == ['5']
    assert not believed_frames(frames, MotionBounds(metres_s=math.inf)).left_out
