# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Markers: the pyramid that a camera sees, the ellipsoid of its covariance, the state in words."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from std_msgs.msg import Header
from support.distorted_camera import CAMERA as DISTORTED
import torch
from visualization_msgs.msg import Marker

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.ros.bridge.conversions import pose_of_message
from scene_reloc_ros.ros.relocaliser.view.caption import Caption
from scene_reloc_ros.ros.relocaliser.view.markers import (
    ellipsoid,
    frustum,
    frustum_corners,
    state_text,
)

HEADER = Header(frame_id='map')
POSE = se3_exp(torch.tensor([3.0, -1.0, 0.5, 0.4, -1.1, 2.0]).double()).numpy()
CAMERA = Camera(640, 480, 500.0, 510.0, 310.0, 250.0)
GREEN = (0, 255, 0)
WIDTH_95 = 2 * 2.7955  # standard deviations: the square root of 7.815, both ways


def in_map(marker):
    """Return the points of a marker in the frame of its header."""
    pose = pose_of_message(marker.pose)
    points = np.array([(p.x, p.y, p.z) for p in marker.points])
    return points @ pose[:3, :3].T + pose[:3, 3]


@pytest.mark.parametrize('camera', [CAMERA, DISTORTED], ids=['pinhole', 'distorted'])
def test_the_pyramid_goes_from_the_camera_through_the_corners_of_its_picture(camera):
    marker = frustum(HEADER, POSE, camera, 0.4, GREEN)
    assert marker.type == Marker.LINE_LIST and marker.frame_locked
    ends = in_map(marker)
    np.testing.assert_allclose(ends[:8:2], np.tile(POSE[:3, 3], (4, 1)), atol=1e-9)
    seen = (ends[1:8:2] - POSE[:3, 3]) @ POSE[:3, :3]
    np.testing.assert_allclose(seen[:, 2], 0.4)
    right, bottom = camera.width - 0.5, camera.height - 0.5
    np.testing.assert_allclose(camera.project(seen), [
        (-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)], atol=0.05)
    peak = (ends[-1 - 2] - POSE[:3, 3]) @ POSE[:3, :3]
    assert peak[1] < seen[:, 1].min()  # above the picture, whose y goes down


@pytest.mark.parametrize('focal', [150.0, 200.0, 400.0])
def test_the_pyramid_of_a_fisheye_can_be_drawn(focal):
    camera = Camera(640, 480, focal, focal, 319.5, 239.5, 'equidistant', (0.0,) * 4)
    corners = frustum_corners(camera)
    assert np.isfinite(corners).all() and np.abs(corners).max() <= 2
    assert (corners[:, 2] == 1).all() and corners[0, 0] < 0 < corners[1, 0]
    assert corners[1, 1] < 0 < corners[2, 1]


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3),
       st.lists(st.floats(0.004, 0.5), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_the_ellipsoid_has_the_axes_of_the_covariance(turn, deviations):
    rotation = se3_exp(torch.tensor([0.0, 0.0, 0.0, *turn]).double()).numpy()[:3, :3]
    covariance = np.diag([9.0] * 6)
    covariance[:3, :3] = rotation @ np.diag(np.square(deviations)) @ rotation.T
    marker = ellipsoid(HEADER, POSE, covariance, GREEN)
    pose = pose_of_message(marker.pose)
    size = np.array([marker.scale.x, marker.scale.y, marker.scale.z])
    np.testing.assert_allclose(pose[:3, 3], POSE[:3, 3], atol=1e-9)
    found = pose[:3, :3] @ np.diag(np.square(size / WIDTH_95)) @ pose[:3, :3].T
    np.testing.assert_allclose(found, covariance[:3, :3], atol=2e-4 * max(deviations) ** 2)


def test_an_ellipsoid_without_extent_can_still_be_drawn():
    marker = ellipsoid(HEADER, POSE, np.zeros((6, 6)), GREEN)
    assert min(marker.scale.x, marker.scale.y, marker.scale.z) > 0


def test_the_text_stands_above_its_position_in_the_colour_of_the_state():
    caption = Caption('lost', 'Too few of the points of the image agree with any pose.',
                      (255, 0, 51))
    marker = state_text(HEADER, np.array([1.0, 2.0, 3.0]), caption, 0.5)
    assert marker.type == Marker.TEXT_VIEW_FACING and marker.text.startswith('LOST\nToo few of')
    assert max(map(len, marker.text.split('\n'))) <= 52
    position = marker.pose.position
    assert (position.x, position.y) == (1.0, 2.0) and position.z > 3.0
    assert (marker.color.r, marker.color.g, marker.color.a) == (1.0, 0.0, 1.0)
    assert marker.color.b == pytest.approx(0.2)
