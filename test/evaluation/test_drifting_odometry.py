# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry that drifts as is stated of it: exact without drift, and as far off as it says."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.box_room import walk

from scene_reloc_ros.evaluation.drifting_odometry import DriftingOdometry
from scene_reloc_ros.geometry.poses import rotation_vector
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions

STEP_NS = 200_000_000
NONE = GateOptions(drift_m_per_m=0.0, drift_rad_per_rad=0.0, drift_rad_per_m=0.0,
                   drift_m_per_s=0.0, drift_rad_per_s=0.0)


def driven(stated, poses, seed=0):
    """Return odom_from_cam of poses."""
    odometry = DriftingOdometry(stated, np.random.default_rng(seed))
    return [odometry.odom_from_cam(number * STEP_NS, pose) for number, pose in enumerate(poses)]


def test_without_drift_it_is_the_motion():
    poses = walk(5)
    for pose, odom_from_cam in zip(poses, driven(NONE, poses)):
        assert np.allclose(odom_from_cam, np.linalg.inv(poses[0]) @ pose)


def test_equal_seeds_drift_alike_and_others_do_not():
    poses = walk(5)
    first, again, other = (driven(GateOptions(), poses, seed)[-1] for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.allclose(first, other)


@pytest.mark.parametrize('stated', [
    replace(NONE, drift_m_per_m=0.05), replace(NONE, drift_rad_per_rad=0.05),
    replace(NONE, drift_rad_per_m=0.02, drift_m_per_s=0.01)])
def test_its_end_is_off_by_the_deviation_that_is_stated_of_the_way(stated):
    poses = walk(8, turn_rad=0.02)
    way_m, turned_rad = 7 * np.linalg.norm(poses[1][:3, 3] - poses[0][:3, 3]), 7 * 0.02
    expected = stated.drift(way_m, turned_rad, 7 * STEP_NS * 1e-9)
    errors = []
    for seed in range(200):
        found = driven(stated, poses, seed)[-1]
        error = np.linalg.inv(np.linalg.inv(poses[0]) @ poses[-1]) @ found
        errors.append(np.r_[error[:3, 3], rotation_vector(error[:3, :3])])
    measured = np.std(errors, 0)
    assert np.allclose(measured[3:], expected[3:], rtol=0.2, atol=1e-6)
    # an error of heading moves the end across the way only
    assert measured[:3].max() == pytest.approx(expected[0], rel=0.25)
