# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A robot with a depth camera and a SLAM, published by a test for a mapper and a relocaliser."""

import threading

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Header, String
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from support.bystander import BEST_EFFORT, LATCHED

PERIOD_S = 0.15
TRAINED_S = 300.0  # in which a machine that is very busy trains
MAP_FROM_ODOM = pose_of_rpy((2.0, -1.0, 0.3), (0.0, 0.0, 0.8))
ODOM_FROM_MAP = np.linalg.inv(MAP_FROM_ODOM)


class Surveyor:
    """Shows the frame at which it stands again and again, taken at the present time."""

    def __init__(self, bystander, frame, nodes=1):
        """Begin at a frame; ``nodes`` listen."""
        self.bystander, self.frame = bystander, frame
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT, nodes)
        self.depth = bystander.publisher(Image, 'depth', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT, nodes)
        self.tf = bystander.publisher(TFMessage, '/tf', subscribers=nodes)
        self.mapper = bystander.listen_json('/mapper/status')
        self.maps = bystander.listen(String, '/mapper/map_ready', LATCHED, lambda m: m.data)
        self.found = bystander.listen_json('/relocaliser/status')
        self.ready = bystander.listen(Bool, '/relocaliser/ready', LATCHED, lambda m: m.data)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        """Stop showing."""
        self._over.set()
        self._thread.join(5)

    def wait(self, seconds):
        """Go on for a while."""
        self._over.wait(seconds)

    def call(self, name):
        """Call a service of the mapper."""
        return self.bystander.call(Trigger, f'/mapper/{name}', timeout_s=120.0)

    def drive(self, frame):
        """Go to a frame and return the status of the key frame that the mapper keeps there."""
        known = self.mapper[-1]['keyframes'] if self.frame is not frame else 0
        self.frame = frame
        return self.until(lambda: next(
            (s for s in self.mapper if s['reason'] == 'kept' and s['keyframes'] > known), None),
            'a key frame')

    def show(self, frame):
        """Go to a frame and wait for what the mapper makes of it, whatever that is."""
        self.frame, begin_ns = frame, self.bystander.now_ns()
        self.until(lambda: any((s['stamp_ns'] or 0) > begin_ns for s in self.mapper[-20:]),
                   'a status')

    def until(self, condition, what, timeout_s=90.0):
        """Wait for a condition of the messages."""
        return self.bystander.until(condition, what, timeout_s)

    def _run(self):
        while not self._over.wait(PERIOD_S):
            self._show(self.frame, self.bystander.now_ns())

    def _show(self, frame, stamp_ns):
        header = Header(frame_id='camera', stamp=stamp_message(stamp_ns))
        odom_from_cam = ODOM_FROM_MAP @ frame.map_from_cam
        self.tf.publish(TFMessage(transforms=[
            transform_message(MAP_FROM_ODOM, 'map', 'odom', stamp_ns),
            transform_message(odom_from_cam, 'odom', 'camera', stamp_ns)]))
        self.info.publish(fill_camera_info(CameraInfo(), frame.camera))
        encoding = 'bgr8' if frame.image.ndim == 3 else 'mono8'
        self.depth.publish(CvBridge().cv2_to_imgmsg(frame.depth_m, '32FC1', header))
        self.image.publish(CvBridge().cv2_to_imgmsg(frame.image, encoding, header))
