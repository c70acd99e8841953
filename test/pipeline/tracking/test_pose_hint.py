# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A hint beside the answer."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scene_reloc_ros.pipeline.tracking.pose_hint import PoseHint

RVIZ = np.diag([0.25, 0.25, 0.0, 0.0, 0.0, 0.0685])


def at(x, y=0.0, yaw_deg=0.0):
    """Return map_from_base on the floor."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler('z', yaw_deg, degrees=True).as_matrix()
    pose[:2, 3] = x, y
    return pose


@pytest.mark.parametrize('found, distance, angle, agrees', [
    (at(1.0, 2.0, 179.0), 0.0, 2.0, True), (at(2.0, 2.0, -179.0), 1.0, 0.0, True),
    (at(11.0, 2.0, 181.0), 10.0, 0.0, False), (at(1.0, 2.0, 0.0), 0.0, 179.0, False)])
def test_an_answer_is_measured_from_the_hint_across_half_a_turn_too(
        found, distance, angle, agrees):
    told = PoseHint(1, at(1.0, 2.0, 181.0), RVIZ).compare(found)
    assert told.distance_m == pytest.approx(distance)
    assert told.angle_deg == pytest.approx(angle, abs=1e-3)
    assert told.agrees is agrees


def test_a_hint_that_says_it_is_vague_agrees_with_more():
    vague = np.diag([100.0, 100.0, 0.0, 0.0, 0.0, math.pi ** 2])
    assert PoseHint(1, at(0.0), vague).compare(at(11.0, 2.0, 150.0)).agrees


def test_a_hint_without_covariance_is_one_by_hand():
    assert PoseHint(1, at(0.0), np.zeros((6, 6))).compare(at(0.8)).agrees
    assert not PoseHint(1, at(0.0), np.zeros((6, 6))).compare(at(8.0)).agrees


@pytest.mark.parametrize('value', [math.nan, math.inf, -1.0])
def test_a_covariance_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match='NaN or Inf, or a negative'):
        PoseHint(1, at(0.0), np.diag([value, 1.0, 0.0, 0.0, 0.0, 1.0]))
