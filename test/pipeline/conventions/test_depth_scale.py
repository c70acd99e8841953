# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Scale of poses against depth: the ratio, and silence where nothing tells it."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.shared_points import poses_at, shared_points

from scene_reloc_ros.pipeline.conventions.depth_scale import depth_scale
from scene_reloc_ros.pipeline.conventions.epipolar import relative_poses


@pytest.mark.parametrize('factor', [100.0, 1000.0, 0.2, 3.281, 0.5, 1.4])
def test_poses_in_another_unit_than_depth_are_told_with_the_ratio(factor):
    poses = poses_at()
    pairs = shared_points(poses)
    poses[:, :3, 3] *= factor
    scale = depth_scale(relative_poses(poses, pairs), pairs)
    assert scale.wrong and scale.ratio == pytest.approx(1 / factor, rel=0.02)
    assert f'depth says {scale.ratio:.3g} times the distance' in scale.sentence


def test_a_sensor_that_errs_is_no_other_unit():
    poses = poses_at()
    pairs = shared_points(poses)
    off = replace(pairs, depths=1.08 * pairs.depths)
    scale = depth_scale(relative_poses(poses, off), off)
    assert not scale.wrong and scale.ratio == pytest.approx(1.08, rel=0.02)


def test_a_camera_that_only_turned_tells_no_scale():
    poses = poses_at()
    poses[:, :3, 3] = 0.0
    pairs = shared_points(poses, noise_px=0.0)
    assert depth_scale(relative_poses(poses, pairs), pairs) is None


def test_frames_without_depth_tell_no_scale():
    pairs = shared_points(poses_at())
    none = replace(pairs, depths=np.zeros(len(pairs.depths)))
    assert depth_scale(relative_poses(poses_at(), none), none) is None


def test_depths_that_contradict_each_other_tell_no_scale():
    pairs = shared_points(poses_at())
    rng = np.random.default_rng(0)
    stretch = np.exp(rng.normal(0, 1, 12))[np.arange(len(pairs.depths)) * 12 // len(pairs.depths)]
    wild = replace(pairs, depths=pairs.depths * stretch)
    assert depth_scale(relative_poses(poses_at(), wild), wild) is None
