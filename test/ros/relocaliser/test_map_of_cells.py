# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The relocaliser as it is, with a map that no head was trained for: answers and refusals."""

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Header
from support.bystander import BEST_EFFORT, LATCHED
from support.mapped_room import ROUTE
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    nanoseconds,
    pose_of_message,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros


class RoomCamera:
    """A camera in the simulated room, published by the test."""

    def __init__(self, bystander, frame):
        self.bystander, self.camera = bystander, frame.camera
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.tf = bystander.publisher(TFMessage, '/tf')
        self.status = bystander.listen_json('/relocaliser/status')
        self.poses = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/pose')
        ready = bystander.listen(Bool, '/relocaliser/ready', LATCHED)
        bystander.until(lambda: ready, '~/ready')

    def answer(self, image):
        """Return the status for an image sent now, and its stamp."""
        stamp_ns = self.bystander.now_ns()
        message = CvBridge().cv2_to_imgmsg(image, 'bgr8', Header(frame_id='camera'))
        message.header.stamp = stamp_message(stamp_ns)

        def send():
            self.tf.publish(TFMessage(transforms=[
                transform_message(np.eye(4), 'odom', 'camera', stamp_ns)]))
            self.info.publish(fill_camera_info(CameraInfo(), self.camera))
            self.image.publish(message)
        status = self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=send)
        return status, stamp_ns

    def pose(self, stamp_ns):
        """Return the pose for a stamp."""
        return self.bystander.until(
            lambda: next((p for p in self.poses if nanoseconds(p.header.stamp) == stamp_ns), None),
            'the pose')


@pytest.fixture(scope='module')
def camera(start_node, bystander, mapped):
    """Start the relocaliser with a map of cells, and a camera for it."""
    start_node('scene_reloc_ros.ros.relocaliser.node', {
        'map': f'"{mapped / "room.map"}"', 'base_frame': 'camera',
        'gate': False, 'device': 'cpu'})
    return RoomCamera(bystander, open_sequence(ROUTE)[10])


def test_an_image_of_the_room_gives_its_pose_with_covariance(camera):
    frame = open_sequence(ROUTE)[10]
    status, stamp_ns = camera.answer(frame.image)
    assert status['reason'] == 'accepted', status
    message = camera.pose(stamp_ns)
    assert message.header.frame_id == 'map'
    metres, degrees = pose_errors(pose_of_message(message.pose.pose), frame.map_from_cam)
    assert float(metres) < 0.10 and float(degrees) < 3.0
    covariance = np.reshape(message.pose.covariance, (6, 6))
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_an_image_of_another_place_gives_a_reason_and_no_pose(camera):
    before = len(camera.poses)
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    status, _ = camera.answer(noise)
    assert status['reason'] in ('no_similar_view', 'no_consensus', 'too_few_inliers',
                                'too_blurred'), status
    assert len(camera.poses) == before
