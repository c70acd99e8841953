# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Poses before they are believed: lost sources, one wrong pose, a trajectory that jumps."""

import math
import sys

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.uncertainty.pose_plausibility import (
    coherent_poses,
    doubtful_covariance,
    MotionBounds,
    PoseMonitor,
)

PERIOD_NS = 100_000_000
BOUNDS = MotionBounds()


def walk(places, yaws=None):
    """Return poses at x = places, metres, turned by yaws, degrees."""
    yaws = [0.0] * len(places) if yaws is None else yaws
    return np.stack([pose_of_rpy((x, 2.0, 1.0), (0.0, 0.0, math.radians(yaw)))
                     for x, yaw in zip(places, yaws)])


def seen(poses, bounds=BOUNDS, period_ns=PERIOD_NS):
    """Return initials of what a monitor says pose after pose: Believed, Jumped, Withdrawn, -."""
    monitor = PoseMonitor(bounds)
    found = [monitor.test(index * period_ns, pose) for index, pose in enumerate(poses)]
    return ''.join('W' if one.withdrawn else 'J' if one.jumped else 'B' if one.believed else '-'
                   for one in found)


@pytest.mark.parametrize('places, expected', [
    ([0, 0.1, 0.2, 0.3], 'BBBB'),
    ([0, 0.1, 4e27, 0.3, 0.4], 'BB-BB'),
    ([0, 0.1, 0.7, 0.3, 0.4], 'BB-BB'),
    ([0, 0.1, 50, -70, 0.4], 'BB--B'),
    ([0, 0.1, 50, 50.1, 0.4, 50.3, 0.6], 'BB--B-B'),
    ([0, 0.1, 0.2, 50, 50.1, 50.2, 50.3], 'BBB--JB'),
    ([9, 0, 0.1, 0.2, 0.3], 'B--WB'),
    ([0.9, 0, 0.1, 0.2, 0.3], 'B-WBB'),
    ([9, 9, 0, 0.1, 0.2, 0.3], 'BB--WB'),
    ([0, 0.1, 0.2, 50, 50.1, 50.2, 0.7, 0.8, 0.9], 'BBB--J--J')])
def test_one_wrong_pose_is_denied_and_several_that_agree_are_followed(places, expected):
    assert seen(walk(places)) == expected


def test_a_turn_that_no_robot_makes_is_a_jump_too():
    yaws = [0, 5, 10, 90, 20, 25]
    assert seen(walk([0] * 6, yaws)) == 'BBB-BB'
    assert seen(walk([0] * 6, yaws), MotionBounds(degrees_s=0.0)) == 'BBBBBB'


def test_what_no_robot_does_is_a_matter_of_time_and_of_the_bounds():
    places = [0, 0.1, 0.2, 2.2, 2.3, 2.4]
    assert seen(walk(places)) == 'BBB--J'
    assert seen(walk(places), period_ns=10 * PERIOD_NS) == 'BBBBBB'
    for bounds in (MotionBounds(metres_s=30.0), MotionBounds(metres_s=0.0)):
        assert seen(walk(places), bounds) == 'BBBBBB'


def test_noise_of_poses_that_come_fast_is_no_jump():
    noise = np.random.default_rng(0).normal(0, 0.02, 400)
    assert set(seen(walk(noise), period_ns=2_000_000)) == {'B'}


def test_after_a_reset_any_pose_is_believed():
    monitor = PoseMonitor()
    monitor.test(0, walk([0])[0])
    assert '50 m and 0 degrees in 0.10 s' in monitor.test(PERIOD_NS, walk([50])[0]).step
    monitor.reset()
    assert monitor.test(2 * PERIOD_NS, walk([70])[0]).believed


def coherence(places, yaws=None, stamps=None, bounds=BOUNDS):
    """Return which of the poses are left out, and how often the others jump."""
    stamps = [index * PERIOD_NS for index in range(len(places))] if stamps is None else stamps
    found = coherent_poses(stamps, walk(places, yaws), bounds)
    return np.flatnonzero(~found.believed).tolist(), found.jumps


@pytest.mark.parametrize('places, left_out, jumps', [
    (np.arange(12) / 10, [], 0),
    ([0, 0.1, 0.2, 0.3, 0.4, 4e27, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1], [5], 0),
    ([9, 0.1, 0.2, 0.3, 0.4, 0.5], [0], 0),
    ([0, 0.1, 0.2, 0.3, 0.4, -9], [5], 0),
    ([0, 0.1, 9, -9, 0.4, 0.5, 0.6, 0.7, 9, 0.9, 1.0, 1.1], [2, 3, 8], 0),
    ([0, 0.1, 0.2, 0.3, 50, 50.1, 50.2, 50.3], [], 1)])
def test_of_a_whole_trajectory_only_poses_that_no_others_agree_with_are_left_out(
        places, left_out, jumps):
    assert coherence(places) == (left_out, jumps)


def test_the_order_of_a_list_does_not_matter():
    rng = np.random.default_rng(3)
    places = np.arange(60) / 10
    places[[17, 41]] = 30.0, -30.0
    order = rng.permutation(60)
    stamps = [int(index) * PERIOD_NS for index in order]
    left_out, jumps = coherence(places[order], stamps=stamps)
    assert sorted(order[left_out].tolist()) == [17, 41] and jumps == 0


def test_photographs_in_any_order_have_no_speed_but_an_outlier_among_them_is_one():
    """Forty photographs about one thing, numbered as if a camera had taken 30 a second."""
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 360, 40)
    poses = np.stack([pose_of_rpy((2 * math.cos(math.radians(a)), 2 * math.sin(math.radians(a)),
                                   1.0), (0, 0, math.radians(a + 180))) for a in angles])
    stamps = [index * 1_000_000_000 // 30 for index in range(40)]
    assert coherent_poses(stamps, poses).believed.all()
    poses[7, 0, 3] = 80.0
    assert np.flatnonzero(~coherent_poses(stamps, poses).believed).tolist() == [7]


def test_equal_stamps_are_no_infinite_speed():
    assert coherence(np.arange(8) / 10, stamps=[0] * 8) == ([], 0)


def test_where_nothing_agrees_nothing_is_left_out():
    assert coherence([0, 100]) == ([], 0)
    assert coherence([0]) == ([], 0)


def covariance(**variances):
    """Return one of 1 cm, 1 degree with other variances at x, y, z, roll, pitch, yaw."""
    matrix = np.diag([1e-4] * 3 + [3e-4] * 3)
    for axis, value in variances.items():
        index = ('x', 'y', 'z', 'roll', 'pitch', 'yaw').index(axis)
        matrix[index, index] = value
    return matrix.reshape(-1)


LOST = dict.fromkeys(('x', 'y', 'z', 'roll', 'pitch', 'yaw'), 9999.0)
PLANAR = dict.fromkeys(('z', 'roll', 'pitch'), 1e6)


@pytest.mark.parametrize('values, said', [
    (covariance(), ''), (np.zeros(36), ''), (covariance(**PLANAR), ''),
    (covariance(**dict.fromkeys(PLANAR, sys.float_info.max)), ''),
    (covariance(**dict.fromkeys(PLANAR, math.inf)), ''), (covariance(x=-1e-12), ''),
    (covariance(x=25.0), ''),
    (covariance(**LOST), 'lost (standard deviation 100 m)'),
    (covariance(x=9999.0), 'lost (standard deviation 100 m)'),
    (covariance(z=9999.0), 'lost'), (covariance(yaw=9999.0), 'degrees)'),
    (covariance(**PLANAR, y=math.inf), 'standard deviation inf m'),
    (covariance(x=math.nan), 'NaN'), (covariance(yaw=math.nan), 'NaN'),
    (np.r_[1e-4, math.nan, np.zeros(34)], 'NaN'), (covariance(x=-1.0), 'negative variance (-1)'),
    (np.r_[-1.0, np.zeros(35)], 'negative')])
def test_a_covariance_that_says_lost_is_heard(values, said):
    found = doubtful_covariance(values, 10.0, 60.0)
    assert said in found and bool(found) == bool(said)


def test_without_bounds_only_nonsense_is_heard():
    assert not doubtful_covariance(covariance(**LOST), 0.0, 0.0)
    assert doubtful_covariance(covariance(x=-1.0), 0.0, 0.0)


@given(st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=30))
def test_whatever_comes_a_monitor_believes_one_of_any_three_that_stand_still(places):
    assert seen(walk([*places, 0.0, 0.0, 0.0]))[-1] != '-'
