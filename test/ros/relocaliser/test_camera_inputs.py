# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser of rectified pictures and compressed depth whose sensor has a stated range."""

import struct

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from support.bystander import BEST_EFFORT
from support.exact_relocaliser import HEIGHT, image_with_pose, WIDTH
from support.places import EXACT_RELOCALISER

from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros
P = [60.0, 0.0, 31.5, -6.0, 0.0, 60.0, 23.5, 0.0, 0.0, 0.0, 1.0, 0.0]


class RectifiedCamera:
    """A stereo camera's left picture, whose camera_info has a K of no use."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.depth = bystander.publisher(CompressedImage, 'depth/compressedDepth', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.status = bystander.listen_json('/relocaliser/status')
        bystander.until(lambda: self.answer()['reason'] == 'accepted', 'an accepted image')

    def send(self, stamp_ns, depth, p):
        """Send camera_info, an image and its depth."""
        header = Header(frame_id='camera', stamp=stamp_message(stamp_ns))
        self.info.publish(CameraInfo(header=header, width=WIDTH, height=HEIGHT, p=p,
                                     d=[900.0] * 5, distortion_model='plumb_bob'))
        self.image.publish(CvBridge().cv2_to_imgmsg(image_with_pose(np.eye(4)), 'mono8', header))
        message = CompressedImage(header=header, format='16UC1; compressedDepth png')
        numbers = np.full((HEIGHT, WIDTH), depth, np.uint16)
        message.data.frombytes(struct.pack('<iff', 0, 0, 0)
                               + cv2.imencode('.png', numbers)[1].tobytes())
        self.depth.publish(message)

    def answer(self, depth=1234, p=P):
        """Return the status for an image sent now."""
        stamp_ns = self.bystander.now_ns()
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=lambda: self.send(stamp_ns, depth, p))


@pytest.fixture(scope='module')
def camera(start_node, bystander, tmp_path_factory):
    """Start the relocaliser, and a camera for it."""
    path = tmp_path_factory.mktemp('map') / 'scene.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': f'"{path}"', 'use_depth': True, 'tf_mode': 'map_to_camera', 'pose_of': 'camera',
        'gate': False, 'rectified': True, 'depth_transport': 'compressedDepth',
        'depth_farthest': 5.0})
    return RectifiedCamera(bystander)


def test_compressed_depth_reaches_the_localiser_in_metres(camera):
    assert 'Depth 1.234 m' in camera.answer()['sentence']


@pytest.mark.parametrize('depth', [5001, 65535, 0])
def test_depth_beyond_the_stated_range_is_unknown(camera, depth):
    assert 'Depth 0.000 m' in camera.answer(depth)['sentence']


def test_of_rectified_pictures_p_counts_and_neither_k_nor_d(camera):
    def refused():
        answer = camera.answer(p=[0.0] * 12)
        return answer if answer['reason'] == 'bad_camera_info' else None
    sentence = camera.bystander.until(refused, 'a refusal')['sentence']
    assert 'projection matrix P is zero, so nothing rectifies the pictures' in sentence
    camera.bystander.until(lambda: camera.answer()['reason'] == 'accepted', 'an accepted image')
