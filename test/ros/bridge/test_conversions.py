# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Messages to poses, stamps and cameras and back."""

import math

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.camera_subscriber import CameraCache
from scene_reloc_ros.ros.bridge.conversions import (
    camera_of_message,
    fill_camera_info,
    nanoseconds,
    pose_message,
    pose_of_message,
    pose_of_transform,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

POSE = pose_of_rpy((1.0, -2.0, 3.0), (0.3, -0.4, 2.8))


def test_a_stamp_keeps_every_nanosecond():
    stamp_ns = 1_795_359_000_123_456_789
    message = stamp_message(stamp_ns)
    assert (message.sec, message.nanosec) == (1_795_359_000, 123_456_789)
    assert nanoseconds(message) == stamp_ns
    assert nanoseconds(Time(sec=-1, nanosec=999_999_999)) == -1


def test_roll_pitch_yaw_turn_about_fixed_axes_in_that_order():
    pose = pose_of_rpy((0, 0, 0), (-math.pi / 2, 0, -math.pi / 2))
    optical_axis, right = pose[:3, :3] @ (0, 0, 1), pose[:3, :3] @ (1, 0, 0)
    np.testing.assert_allclose(optical_axis, (1, 0, 0), atol=1e-12)  # forward
    np.testing.assert_allclose(right, (0, -1, 0), atol=1e-12)


def test_a_pose_survives_the_message():
    np.testing.assert_allclose(pose_of_message(pose_message(POSE)), POSE, atol=1e-12)


def test_a_transform_names_parent_child_and_stamp():
    message = transform_message(POSE, 'map', 'odom', 5_000_000_007)
    assert (message.header.frame_id, message.child_frame_id) == ('map', 'odom')
    assert nanoseconds(message.header.stamp) == 5_000_000_007
    np.testing.assert_allclose(pose_of_transform(message.transform), POSE, atol=1e-12)


def test_a_pose_without_rotation_or_with_nan_is_refused():
    message = pose_message(POSE)
    message.position.x = math.nan
    with pytest.raises(ValueError, match='NaN'):
        pose_of_message(message)
    message = pose_message(POSE)
    q = message.orientation
    q.x = q.y = q.z = q.w = 0.0
    with pytest.raises(ValueError, match='no direction'):
        pose_of_message(message)


@pytest.mark.parametrize('camera', [
    Camera(640, 480, 525.0, 520.0, 319.5, 239.5),
    Camera(640, 480, 525.0, 520.0, 319.5, 239.5, 'plumb_bob', (0.1, -0.2, 0.001, 0.002, 0.05)),
    Camera(640, 480, 300.0, 300.0, 320.0, 240.0, 'equidistant', (0.1, -0.02, 0.003, 0.001))])
def test_a_camera_survives_camera_info(camera):
    assert camera_of_message(fill_camera_info(CameraInfo(), camera)) == camera


def test_binning_and_region_of_interest_move_the_principal_point():
    message = fill_camera_info(CameraInfo(), Camera(640, 480, 500.0, 500.0, 320.0, 240.0))
    message.roi.x_offset, message.roi.y_offset = 20, 40
    message.roi.width, message.roi.height = 600, 400
    message.binning_x = message.binning_y = 2
    camera = camera_of_message(message)
    assert (camera.width, camera.height, camera.fx) == (300, 200, 250.0)
    assert camera.cx == pytest.approx((300.5) / 2 - 0.5)


def test_of_rectified_images_p_holds_and_d_does_not():
    bent = Camera(640, 480, 500.0, 500.0, 320.0, 240.0, 'plumb_bob', (0.1, 0.0, 0.0, 0.0, 0.0))
    message = fill_camera_info(CameraInfo(), bent)
    message.p = [480.0, 0.0, 316.0, -33.6, 0.0, 481.0, 239.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert camera_of_message(message, rectified=True) == Camera(640, 480, 480.0, 481.0, 316.0,
                                                                239.0)
    assert camera_of_message(message) == bent
    cache = CameraCache('/camera_info', rectified=True)
    cache.update(message)
    assert cache.camera[0].fx == 480.0
    message.p[0] = message.p[5] = 470.0
    cache.update(message)
    assert cache.camera[0].fx == 470.0
    message.p = [0.0] * 12
    cache.update(message)
    assert 'P is zero, so nothing rectifies the pictures' in cache.camera[1]


@pytest.mark.parametrize(('roi', 'sentence'), [
    ((600, 0, 100, 100), 'leaves the image of 640x480'), ((10, 10, 1, 1), 'image size is 1x1'),
    ((0, 0, 640, 8), 'image size is 640x8')])
def test_a_region_that_shows_no_place_is_refused(roi, sentence):
    message = fill_camera_info(CameraInfo(), Camera(640, 480, 500.0, 500.0, 320.0, 240.0))
    region = message.roi
    region.x_offset, region.y_offset, region.width, region.height = roi
    with pytest.raises(ValueError, match=sentence):
        camera_of_message(message)


def test_nan_in_the_camera_matrix_becomes_a_sentence_and_ends_with_a_good_message():
    cache = CameraCache('/camera_info')
    assert 'no camera_info on /camera_info yet' in cache.camera[1]
    message = fill_camera_info(CameraInfo(), Camera(640, 480, 500.0, 500.0, 320.0, 240.0))
    message.k[0] = math.nan
    for _ in range(2):
        cache.update(message)
        assert cache.camera[0] is None
        assert 'NaN or Inf' in cache.camera[1]
    message.k[0] = 500.0
    cache.update(message)
    assert cache.camera[0].fx == 500.0
