# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the dataset player publishes: camera, depth, odometry, tf and the truth."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.lifecycle import LifecyclePublisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Header, String

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    pose_message,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.bridge.json_text import json_text
from scene_reloc_ros.ros.compat.upstream import (
    CvBridge,
    StaticTransformBroadcaster,
    TransformBroadcaster,
)
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import CAMERA_PUBLISHER, LATCHED, overridable, RESULT


class PlayerPublishers:
    """The publishers of the dataset player."""

    def __init__(self, node: ConfiguredLifecycleNode) -> None:
        """Create them on ``node``, a ConfiguredLifecycleNode."""
        self._node = node
        self._bridge = CvBridge()
        self._image = self._publisher(Image, 'image', CAMERA_PUBLISHER)
        self._camera_info = self._publisher(CameraInfo, 'camera_info', CAMERA_PUBLISHER)
        self._depth = self._publisher(Image, 'depth', CAMERA_PUBLISHER)
        self._odometry = self._publisher(Odometry, 'odom', RESULT)
        self._truth = self._publisher(PoseStamped, '~/truth', RESULT)
        self._status = self._publisher(String, '~/status', RESULT)
        self._finished = self._publisher(Bool, '~/finished', LATCHED)
        self._transforms = TransformBroadcaster(node)
        self._static_transforms = StaticTransformBroadcaster(node)

    def _publisher(self, message_type: type, topic: str, qos: QoSProfile) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(
            message_type, topic, qos, qos_overriding_options=overridable())

    def destroy(self) -> None:
        """Free the publishers."""
        for publisher in (self._image, self._camera_info, self._depth, self._odometry,
                          self._truth, self._status, self._finished):
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._transforms.pub_tf)
        self._node.destroy_publisher(self._static_transforms.pub_tf)

    @property
    def subscribers(self) -> int:
        """Number of subscribers of the images."""
        return self._image.get_subscription_count()

    def publish_finished(self, finished: bool) -> None:
        """Publish whether the playback is over."""
        self._finished.publish(Bool(data=finished))

    def publish_status(self, fields: dict[str, Any]) -> None:
        """Publish a dictionary as one line of JSON."""
        self._status.publish(String(data=json_text(fields)))

    def publish_mount(self, base_from_cam: np.ndarray, options: DatasetPlayerOptions) -> None:
        """Publish where the camera sits on the robot, for all time."""
        self._static_transforms.sendTransform(transform_message(
            base_from_cam, options.base_frame, options.camera_frame, 0))

    def publish_motion(self, stamp_ns: int, map_from_base: np.ndarray, odom_from_base: np.ndarray,
                       options: DatasetPlayerOptions) -> None:
        """Publish odometry, and where asked for the map's correction of it."""
        transforms = [transform_message(
            odom_from_base, options.odom_frame, options.base_frame, stamp_ns)]
        if options.publish_map_to_odom:
            map_from_odom = map_from_base @ invert_pose(odom_from_base)
            transforms.append(transform_message(
                map_from_odom, options.map_frame, options.odom_frame, stamp_ns))
        self._transforms.sendTransform(transforms)
        message = Odometry(header=Header(stamp=stamp_message(stamp_ns),
                                         frame_id=options.odom_frame))
        message.child_frame_id = options.base_frame
        message.pose.pose = pose_message(odom_from_base)
        self._odometry.publish(message)

    def publish_camera(self, stamp_ns: int, frame: PosedImage,
                       options: DatasetPlayerOptions) -> None:
        """Publish a PosedImage: truth, camera_info and depth first, the image last."""
        header = Header(stamp=stamp_message(stamp_ns), frame_id=options.camera_frame)
        if frame.map_from_cam is not None:
            truth = PoseStamped(pose=pose_message(frame.map_from_cam))
            truth.header.stamp, truth.header.frame_id = header.stamp, options.map_frame
            self._truth.publish(truth)
        self._camera_info.publish(fill_camera_info(CameraInfo(header=header), frame.camera))
        if options.publish_depth and frame.depth_m is not None:
            self._depth.publish(self._depth_message(frame.depth_m, header, options))
        encoding = 'mono8' if frame.image.ndim == 2 else 'bgr8'
        self._image.publish(self._bridge.cv2_to_imgmsg(frame.image, encoding, header))

    def _depth_message(self, depth_m: np.ndarray, header: Header,
                       options: DatasetPlayerOptions) -> Image:
        if options.depth_encoding == '32FC1':
            return self._bridge.cv2_to_imgmsg(depth_m.astype(np.float32), '32FC1', header)
        millimetres = np.clip(np.rint(depth_m * 1000), 0, 65535).astype(np.uint16)
        return self._bridge.cv2_to_imgmsg(millimetres, '16UC1', header)
