# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser that is told otherwise: no odometry, compressed images, simulated time."""

import math

import cv2
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import Bool, Header, String
from support.bystander import BEST_EFFORT, LATCHED
from support.exact_relocaliser import HEIGHT, image_with_pose, WIDTH
from support.places import EXACT_RELOCALISER
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    nanoseconds,
    pose_of_message,
    pose_of_transform,
    stamp_message,
)
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
MAP_FROM_CAM = pose_of_rpy((1.0, 2.0, 0.1), (0.02, -0.03, 0.7))
CAMERA = Camera(WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5)
SECOND = 1_000_000_000


class HandHeld:
    """A camera without odometry, on simulated time."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.now_ns = 100 * SECOND
        self.clock = bystander.publisher(Clock, '/clock')
        self.image = bystander.publisher(CompressedImage, 'image/compressed', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.map_ready = bystander.publisher(String, '/mapper/map_ready', LATCHED)
        self.status = bystander.listen_json('/relocaliser/status')
        self.poses = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/pose')
        self.ready = bystander.listen(Bool, '/relocaliser/ready', LATCHED)
        self.transforms = bystander.listen(
            TFMessage, '/tf', convert=lambda message: message.transforms[0])

    def tick(self, seconds):
        """Move the clock."""
        self.now_ns += int(seconds * SECOND)
        self.clock.publish(Clock(clock=stamp_message(self.now_ns)))

    def see(self):
        """Send an image taken now; returns the status for it."""
        self.tick(0.1)
        stamp_ns = self.now_ns
        header = Header(frame_id='camera', stamp=stamp_message(stamp_ns))
        info = fill_camera_info(CameraInfo(header=header), CAMERA)
        message = CompressedImage(header=header, format='png')
        message.data.frombytes(cv2.imencode('.png', image_with_pose(MAP_FROM_CAM))[1].tobytes())

        def send():
            self.info.publish(info)
            self.image.publish(message)
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            'the status of the image', send=send)


@pytest.fixture(scope='module')
def hand_held(start_node, bystander):
    """Start the relocaliser without a map, and a camera for it."""
    start_node(EXACT_RELOCALISER, {
        'tf_mode': 'map_to_camera', 'pose_of': 'camera', 'image_transport': 'compressed',
        'use_sim_time': True, 'map_ready_topic': '/mapper/map_ready', 'tf_wait': 0.1,
        'gate': False})
    return HandHeld(bystander)


def test_a_finished_map_is_followed_and_a_broken_one_is_not(hand_held, tmp_path):
    assert hand_held.see()['reason'] == 'no_map'
    good, broken = tmp_path / 'good.safetensors', tmp_path / 'broken.safetensors'
    good.write_text('map')
    broken.write_text('broken')
    hand_held.map_ready.publish(String(data=str(good)))
    until = hand_held.bystander.until
    until(lambda: hand_held.status[-1]['reason'] == 'map_loaded', 'the map')
    until(lambda: hand_held.see()['reason'] == 'accepted', 'a pose')
    hand_held.map_ready.publish(String(data=str(broken)))
    assert hand_held.see()['map'] == str(good)


def test_without_odometry_the_camera_is_placed_in_the_map(hand_held):
    status = hand_held.see()
    hand_held.bystander.until(
        lambda: nanoseconds(hand_held.poses[-1].header.stamp) == status['stamp_ns'], 'the pose')
    np.testing.assert_allclose(
        pose_of_message(hand_held.poses[-1].pose.pose), MAP_FROM_CAM, atol=1e-9)
    sent = hand_held.bystander.until(
        lambda: [t for t in hand_held.transforms
                 if nanoseconds(t.header.stamp) == status['map_to_odom_stamp_ns']], 'it')[0]
    assert (sent.header.frame_id, sent.child_frame_id) == ('map', 'camera')
    np.testing.assert_allclose(pose_of_transform(sent.transform), MAP_FROM_CAM, atol=1e-9)


def test_transforms_can_be_switched_off(hand_held):
    def switch(value):
        parameter = Parameter('publish_tf', value=value).to_parameter_msg()
        return hand_held.bystander.call(
            SetParameters, '/relocaliser/set_parameters', parameters=[parameter])
    assert switch(False).results[0].successful
    assert hand_held.see()['map_to_odom_stamp_ns'] is None
    assert switch(True).results[0].successful
    assert hand_held.see()['map_to_odom_stamp_ns'] is not None


def test_a_map_given_as_parameter_is_loaded_or_refused_with_the_reason(hand_held, tmp_path):
    def set_map(path):
        parameter = Parameter('map', value=str(path)).to_parameter_msg()
        return hand_held.bystander.call(
            SetParameters, '/relocaliser/set_parameters', parameters=[parameter]).results[0]
    broken, other = tmp_path / 'broken', tmp_path / 'other'
    broken.write_text('broken')
    other.write_text('map')
    assert 'does not exist' in set_map(tmp_path / 'none').reason
    assert 'is truncated' in set_map(broken).reason
    assert set_map(other).successful
    assert hand_held.see()['map'] == str(other)


def test_a_clock_that_jumps_back_resets_the_pose(hand_held):
    hand_held.see()
    hand_held.bystander.until(lambda: hand_held.ready[-1].data, 'ready')
    hand_held.tick(-50.0)
    hand_held.bystander.until(lambda: not hand_held.ready[-1].data, 'not ready')
    assert hand_held.see()['state'] == 'localised'
    assert math.isclose(hand_held.now_ns, 50.5 * SECOND, rel_tol=0.1)


def test_a_map_set_to_nothing_is_unloaded_until_another_one_comes(hand_held, tmp_path):
    def set_map(value):
        parameter = Parameter('map', value=value).to_parameter_msg()
        return hand_held.bystander.call(
            SetParameters, '/relocaliser/set_parameters', parameters=[parameter]).results[0]
    good = tmp_path / 'good.map'
    good.write_text('map')
    assert set_map(str(good)).successful
    assert hand_held.see()['reason'] == 'accepted'
    assert set_map('').successful
    hand_held.bystander.until(
        lambda: hand_held.status[-1]['reason'] == 'map_unloaded', 'the status')
    status = hand_held.see()
    assert (status['reason'], status['state'], status['map']) == ('no_map', 'no_map', '')
    assert not set_map('~no-such-user/k.map').successful
    assert set_map(str(good)).successful
    assert hand_held.see()['reason'] == 'accepted'


def test_a_camera_without_odometry_that_falls_silent_is_lost_and_nobody_speaks_of_odometry(
        hand_held, tmp_path):
    good = tmp_path / 'silent.map'
    good.write_text('map')
    for name, value in (('map', str(good)), ('gate', True), ('image_timeout', 0.5)):
        parameter = Parameter(name, value=value).to_parameter_msg()
        assert hand_held.bystander.call(
            SetParameters, '/relocaliser/set_parameters', parameters=[parameter]
            ).results[0].successful
    begin = len(hand_held.status)
    hand_held.bystander.until(lambda: hand_held.see()['tracking'] == 'localised', 'a pose')
    lost = hand_held.bystander.until(
        lambda: hand_held.tick(0.02) or [
            s for s in hand_held.status[begin:] if s['event'] == 'lost'], 'the loss')[0]
    assert (lost['reason'], lost['state'], lost['tracking']) == ('camera_silent', 'lost', 'lost')
    hand_held.bystander.until(lambda: not hand_held.ready[-1].data, 'not ready')
    assert not [s for s in hand_held.status[begin:]
                if 'odometry' in s['sentence'] + (s['doubt'] or '')]
