# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Camera and odometry of a robot, published by a test, and what the relocaliser says to them."""

import math
import time

from geometry_msgs.msg import PoseWithCovarianceStamped
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Header
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from support.bystander import BEST_EFFORT, LATCHED
from support.exact_relocaliser import HEIGHT, image_with_pose, WIDTH

BASE_FROM_CAM = pose_of_rpy((0.3, -0.1, 0.5), (-math.pi / 2, 0.0, -math.pi / 2))
ODOM_FROM_BASE = pose_of_rpy((5.0, -3.0, 0.0), (0.0, 0.0, 2.0))
MAP_FROM_BASE = pose_of_rpy((1.0, 2.0, 0.1), (0.02, -0.03, 0.7))
CAMERA = Camera(WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5)


class Robot:
    """Camera and odometry of a robot, published by the test."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.tf = bystander.publisher(TFMessage, '/tf')
        self.tf_static = bystander.publisher(TFMessage, '/tf_static', LATCHED)
        self.status = bystander.listen_json('/relocaliser/status')
        self.poses = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/pose')
        self.ready = bystander.listen(Bool, '/relocaliser/ready', LATCHED)
        self.transforms = bystander.listen(
            TFMessage, '/tf', convert=lambda message: message.transforms[0])
        bystander.until(lambda: self.ready, '~/ready')
        bystander.until(self.sees_everything, 'camera_info, transforms and images')

    def sees_everything(self):
        """Send one of everything; tells whether all of it has arrived."""
        self.announce()
        return self.see(MAP_FROM_BASE)['reason'] == 'accepted'

    def announce(self):
        """Tell the camera's calibration and where it sits."""
        self.send_info(CAMERA)
        self.tf_static.publish(TFMessage(transforms=[
            transform_message(BASE_FROM_CAM, 'base_link', 'camera', 0)]))

    def send_info(self, camera, **fields):
        """Publish camera_info."""
        message = fill_camera_info(CameraInfo(), camera)
        for name, value in fields.items():
            setattr(message, name, value)
        self.info.publish(message)

    def see(self, map_from_base, odom_from_base=ODOM_FROM_BASE, encoding='mono8', late=False,
            ahead_ns=0):
        """Publish an image taken now and return the relocaliser's status for it."""
        stamp_ns = self.bystander.now_ns() + ahead_ns
        if not late:
            self.move(odom_from_base, stamp_ns)
        message = self.picture(map_from_base, stamp_ns)
        message.encoding = encoding

        def send():
            self.image.publish(message)
            if late:
                time.sleep(0.05)
                self.move(odom_from_base, stamp_ns)
        return self.answer(stamp_ns, send)

    @staticmethod
    def picture(map_from_base, stamp_ns):
        """Return an image message taken there, or one of nothing for None."""
        pose = None if map_from_base is None else map_from_base @ BASE_FROM_CAM
        return CvBridge().cv2_to_imgmsg(image_with_pose(pose), 'mono8', Header(
            frame_id='camera', stamp=stamp_message(stamp_ns)))

    def move(self, odom_from_base, stamp_ns):
        """Publish odometry, unless there is none."""
        if odom_from_base is not None:
            self.tf.publish(TFMessage(transforms=[
                transform_message(odom_from_base, 'odom', 'base_link', stamp_ns)]))

    def answer(self, stamp_ns, send):
        """Return the status for the image with this stamp, which ``send`` sends."""
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=send)

    def corrections(self):
        """Return the broadcast transforms from map to odom."""
        return [t for t in self.transforms if t.header.frame_id == 'map']
