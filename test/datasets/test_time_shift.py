# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Poses between those of a recording: near a smooth motion, and none where nothing is known."""

import numpy as np
import pytest
from support.worlds.shared_points import poses_at, stamps_ns, track_of, true_pose

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.time_shift import PoseTrack, ShiftedPoses
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage

CAMERA = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)


class Walk(Sequence):
    """Frames of a smooth motion at 30 Hz; those named are without a pose, or have none that is."""

    camera = CAMERA

    def __init__(self, count, unposed=(), broken=()):
        self._count, self._unposed, self._broken = count, unposed, broken

    @property
    def names(self):
        return [f'frame-{index}' for index in range(self._count)]

    def _read(self, index):
        return PosedImage(self.names[index], self._stamp_ns(index), np.zeros((48, 64), np.uint8),
                          CAMERA, self._pose(index))

    def _stamp_ns(self, index):
        return int(stamps_ns(self._count)[index])

    def _pose(self, index):
        if index in self._broken:
            raise ValueError(f'pose of frame-{index} contains NaN')
        return None if index in self._unposed else poses_at(frames=self._count)[index]


def test_recorded_poses_stay_as_they_are():
    found, known = track_of(poses_at()).at(stamps_ns())
    assert known.all()
    np.testing.assert_allclose(found, poses_at(), atol=1e-9)


@pytest.mark.parametrize('every, metres, degrees', [(1, 1e-4, 0.01), (6, 0.01, 0.5)])
def test_poses_between_are_those_of_a_smooth_motion(every, metres, degrees):
    """Every sixth pose of 30 Hz is as rare as key frames are."""
    track = PoseTrack(stamps_ns()[::every], poses_at()[::every])
    between = np.linspace(0.2, 0.8, 50)
    found, known = track.at((1e9 * between).astype(np.int64))
    assert known.all()
    for seconds, pose in zip(between, found):
        moved_m, turned_deg = pose_errors(pose, true_pose(seconds))
        assert moved_m < metres and turned_deg < degrees


def test_before_after_and_in_long_gaps_nothing_is_known():
    stamps = np.array([0, 33_000_000, 2_000_000_000, 2_033_000_000], np.int64)
    track = PoseTrack(stamps, poses_at(frames=4))
    asked = np.array([-1, 10_000_000, 1_000_000_000, 2_010_000_000, 2_034_000_000], np.int64)
    assert track.at(asked)[1].tolist() == [False, True, False, True, False]
    assert not PoseTrack(stamps[:1], poses_at(frames=1)).at(asked)[1].any()


@pytest.mark.parametrize('offset_s', [0.1, -0.1, 0.05])
def test_frames_get_the_pose_of_a_while_later(offset_s):
    shifted = ShiftedPoses(Walk(20), offset_s)
    truth = true_pose(10 / 30 + offset_s)
    moved_m, turned_deg = pose_errors(shifted[10].map_from_cam, truth)
    assert moved_m < 1e-3 and turned_deg < 0.1
    np.testing.assert_array_equal(shifted.map_from_cam(10), shifted[10].map_from_cam)
    assert shifted.stamp_ns(10) == Walk(20).stamp_ns(10)
    ends = {0.1: (0, 19), -0.1: (19, 0), 0.05: (0, 19)}[offset_s]
    assert shifted.map_from_cam(ends[0]) is not None and shifted[ends[1]].map_from_cam is None


def test_frames_without_a_pose_stay_so_and_broken_ones_are_still_named():
    shifted = ShiftedPoses(Walk(20, unposed=(5,), broken=(7,)), 0.01)
    assert shifted.map_from_cam(5) is None and shifted.map_from_cam(6) is not None
    assert 'pose of frame-7 contains NaN' in shifted.fault(7, with_depth=False)
