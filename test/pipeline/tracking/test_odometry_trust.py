# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How far odometry alone is trusted."""

import math

import numpy as np
import pytest

from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions
from scene_reloc_ros.pipeline.tracking.odometry_trust import OdometryTrust, TrustOptions

DRIFT = GateOptions(drift_m_per_m=0.05, drift_rad_per_rad=0.1, drift_rad_per_m=0.0,
                    drift_m_per_s=0.0, drift_rad_per_s=0.0)
FREE = TrustOptions(0.0, 0.0, 0.0)


def at(x, yaw=0.0):
    """Return odom_from_base on the floor."""
    pose = np.eye(4)
    pose[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
    pose[0, 3] = x
    return pose


def test_without_a_pose_there_is_no_trust_to_use_up():
    trust = OdometryTrust()
    trust.move(at(0.0))
    trust.move(at(500.0))
    assert trust.used(1e6) == (0.0, '')


@pytest.mark.parametrize('way_m', [1.0, 10.0, 25.0])
def test_the_way_uses_trust_up_there_and_back_alike(way_m):
    trust = OdometryTrust(TrustOptions(1.0, 0.0, 0.0), DRIFT)
    trust.reset(5.0)
    for x in (0.0, way_m / 2, 0.0):
        trust.move(at(x))
    share, sentence = trust.used(9.0)
    assert share == pytest.approx(0.05 * way_m)
    assert f'gone {way_m:.1f} m' in sentence and 'the last pose is 4 s old' in sentence


def test_turns_use_up_the_trust_in_the_heading():
    trust = OdometryTrust(TrustOptions(0.0, 18.0, 0.0), DRIFT)
    trust.reset(0.0)
    for step in range(9):
        trust.move(at(0.0, step * math.pi / 4))  # once around: 36 degrees of drift
    assert trust.used(0.0)[0] == pytest.approx(2.0)


def test_time_uses_trust_up_and_a_pose_gives_all_of_it_back():
    trust = OdometryTrust(TrustOptions(0.0, 0.0, 60.0), DRIFT)
    trust.reset(10.0)
    assert trust.used(40.0)[0] == pytest.approx(0.5)
    trust.reset(40.0)
    assert trust.used(41.0)[0] == pytest.approx(1 / 60)


def test_without_odometry_only_time_counts_and_no_sentence_speaks_of_odometry():
    trust = OdometryTrust(TrustOptions(seconds=10.0), None)
    trust.reset(0.0)
    share, sentence = trust.used(20.0)
    assert share == pytest.approx(2.0)
    assert 'odometry' not in sentence and '20 s old' in sentence


def test_bounds_of_zero_are_none():
    trust = OdometryTrust(FREE, DRIFT)
    trust.reset(0.0)
    trust.move(at(0.0))
    trust.move(at(1e4))
    assert trust.used(1e6)[0] == 0.0


def test_other_options_hold_for_the_way_so_far():
    trust = OdometryTrust(FREE, DRIFT)
    trust.reset(0.0)
    trust.move(at(0.0))
    trust.move(at(40.0))
    trust.use(TrustOptions(1.0, 0.0, 0.0), DRIFT)
    assert trust.used(0.0)[0] == pytest.approx(2.0)
