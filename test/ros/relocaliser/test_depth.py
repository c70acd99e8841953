# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser that takes depth: pairs by stamp, other frames and sizes refused by name."""


import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from support.bystander import BEST_EFFORT
from support.exact_relocaliser import HEIGHT, image_with_pose, WIDTH
from support.places import EXACT_RELOCALISER

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import fill_camera_info, stamp_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros
CAMERA = Camera(WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5)
DEPTH = np.full((HEIGHT, WIDTH), 1234, np.uint16)


class DepthCamera:
    """An RGB-D camera, published by the test."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.depth = bystander.publisher(Image, 'depth', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.status = bystander.listen_json('/relocaliser/status')
        bystander.until(self.sees, 'an image with its depth')

    def sees(self):
        """Send camera_info, an image and a depth; tells whether all of it has arrived."""
        self.info.publish(fill_camera_info(CameraInfo(), CAMERA))
        return self.answer()['reason'] == 'accepted'

    def send(self, stamp_ns, depth=DEPTH, frame='camera', late_ns=0):
        """Send an image and its depth."""
        bridge = CvBridge()
        image = bridge.cv2_to_imgmsg(image_with_pose(np.eye(4)), 'mono8',
                                     Header(frame_id='camera'))
        image.header.stamp = stamp_message(stamp_ns)
        self.image.publish(image)
        if depth is not None:
            message = bridge.cv2_to_imgmsg(depth, '16UC1', Header(frame_id=frame))
            message.header.stamp = stamp_message(stamp_ns + late_ns)
            self.depth.publish(message)

    def answer(self, **sent):
        """Return the status for an image sent now."""
        stamp_ns = self.bystander.now_ns()
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=lambda: self.send(stamp_ns, **sent))


@pytest.fixture(scope='module')
def camera(start_node, bystander, tmp_path_factory):
    """Start the relocaliser with depth, and a camera for it."""
    path = tmp_path_factory.mktemp('map') / 'scene.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': f'"{path}"', 'use_depth': True, 'image_timeout': 1.0, 'tf_mode': 'map_to_camera',
        'pose_of': 'camera', 'gate': False})
    return DepthCamera(bystander)


def test_the_depth_of_an_image_reaches_the_localiser_in_metres(camera):
    answer = camera.answer()
    assert answer['reason'] == 'accepted' and 'Depth 1.234 m' in answer['sentence']


def test_a_depth_a_few_milliseconds_later_is_still_that_of_the_image(camera):
    assert 'Depth 1.234 m' in camera.answer(late_ns=8_000_000)['sentence']


def test_a_depth_of_another_frame_is_refused_by_name(camera):
    answer = camera.answer(frame='depth_camera')
    assert answer['reason'] == 'bad_depth'
    assert "'depth_camera'" in answer['sentence'] and 'register' in answer['sentence']


def test_a_depth_of_another_shape_is_refused_with_its_size(camera):
    answer = camera.answer(depth=np.ones((HEIGHT, HEIGHT), np.uint16))
    assert answer['reason'] == 'bad_depth' and f'{HEIGHT}x{HEIGHT}' in answer['sentence']


def test_a_smaller_depth_of_the_same_view_is_taken(camera):
    assert 'Depth 1.234 m' in camera.answer(depth=DEPTH[::2, ::2].copy())['sentence']


def test_images_without_their_depth_are_not_met_with_silence(camera):
    before = len(camera.status)

    def says_why():
        camera.send(camera.bystander.now_ns(), late_ns=10 ** 12)
        return next((s for s in camera.status[before:] if s['reason'] == 'no_image'), None)
    sentence = camera.bystander.until(says_why, 'a reason')['sentence']
    assert 'depth_slop' in sentence and '/depth' in sentence
