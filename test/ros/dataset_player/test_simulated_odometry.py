# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry of a played robot: true motion, and drift that grows with the root of the way."""

import math

import numpy as np

from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy, SimulatedOdometry


def route(count, step_m=0.05):
    """Return poses along a circle."""
    return [pose_of_rpy((math.cos(k * step_m), math.sin(k * step_m), 0.2), (0, 0, k * step_m))
            for k in range(count)]


def test_odometry_without_drift_is_the_true_motion_from_another_start():
    start = pose_of_rpy((-7.0, 4.0, 0.0), (0, 0, 2.0))
    odometry = SimulatedOdometry(start, 0.0, 0.0, seed=1)
    poses = route(40)
    for pose in poses:
        odom_from_base = odometry.odom_from_base(pose)
        map_from_odom = pose @ np.linalg.inv(odom_from_base)
        np.testing.assert_allclose(map_from_odom, poses[0] @ np.linalg.inv(start), atol=1e-9)


def test_drift_grows_with_the_root_of_the_way_and_is_repeatable():
    poses = [pose_of_rpy((0.1 * k, 0, 0), (0, 0, 0)) for k in range(41)]  # 4 m

    def end(seed):
        odometry = SimulatedOdometry(np.eye(4), 0.01, 0.0, seed)
        return [odometry.odom_from_base(pose) for pose in poses][-1][:3, 3]
    np.testing.assert_array_equal(end(7), end(7))
    deviation = np.std([end(seed) - (4.0, 0, 0) for seed in range(200)], axis=0)
    np.testing.assert_allclose(deviation, 0.02, rtol=0.25)
