# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A camera and its poses, published by a test for a mapper in another process."""

from dataclasses import replace

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from support.bystander import BEST_EFFORT
from support.small_recording import CAMERA, small_frames


class MappingScene:
    """Camera and poses for one mapper, published by the test."""

    def __init__(self, bystander, depth=False, camera=CAMERA):
        self.bystander, self.camera = bystander, camera
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.tf = bystander.publisher(TFMessage, '/tf')
        self.depth = bystander.publisher(Image, 'depth', BEST_EFFORT) if depth else None
        self.status = bystander.listen_json('/mapper/status')

    def until_everything_arrives(self):
        """Send frames without a pose until only the pose is missing; nothing is recorded."""
        def only_the_pose_is_missing():
            self.info.publish(fill_camera_info(CameraInfo(), self.camera))
            sentence = self.show(self._blank(), with_pose=False)['sentence']
            return 'camera_info' not in sentence
        self.bystander.until(only_the_pose_is_missing, 'camera_info')

    def _blank(self):
        """Return a frame of the camera's size."""
        size = self.camera.height, self.camera.width
        return replace(small_frames(1)[0], camera=self.camera,
                       image=np.full((*size, 3), 40, np.uint8), depth_m=np.ones(size, np.float32))

    def call(self, name):
        """Call a service of the mapper."""
        return self.bystander.call(Trigger, f'/mapper/{name}', timeout_s=60.0)

    def show(self, frame, with_pose=True, encoding='bgr8', ahead_ns=0):
        """Publish a frame taken now, or stamped ahead, and return the mapper's status for it."""
        stamp_ns = self.bystander.now_ns() + ahead_ns
        header = Header(frame_id='camera', stamp=stamp_message(stamp_ns))
        message = CvBridge().cv2_to_imgmsg(frame.image, 'bgr8', header)
        message.encoding = encoding
        depth = CvBridge().cv2_to_imgmsg(frame.depth_m, '32FC1', header)

        def send():
            if with_pose:
                self.place(frame.map_from_cam, stamp_ns)
            if self.depth is not None:
                self.depth.publish(depth)
            self.image.publish(message)
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            'the status of the frame', send=send)

    def place(self, map_from_cam, stamp_ns):
        """Publish the pose of the camera."""
        self.tf.publish(TFMessage(transforms=[
            transform_message(map_from_cam, 'map', 'camera', stamp_ns)]))
