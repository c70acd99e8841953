# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the relocaliser publishes for the robot; what people look at is in ``view``."""

from __future__ import annotations

import math
import time
from typing import Any, Optional

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
from rclpy.lifecycle import LifecyclePublisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Bool, Header, String

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.ros.bridge.conversions import pose_message, stamp_message, transform_message
from scene_reloc_ros.ros.bridge.json_text import json_text
from scene_reloc_ros.ros.compat.scene_reloc_messages import RelocalisationStatus
from scene_reloc_ros.ros.compat.upstream import TransformBroadcaster
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import LATCHED, overridable, RESULT
from scene_reloc_ros.ros.relocaliser.map_to_odom import MapToOdom
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.typed.status_message import status_message


class RelocaliserPublishers:
    """The publishers of the relocaliser; they are silent while the node is not active."""

    def __init__(self, node: ConfiguredLifecycleNode) -> None:
        """Create them on ``node``, a ConfiguredLifecycleNode."""
        self._node = node
        self._pose = self._publisher(PoseWithCovarianceStamped, '~/pose', RESULT)
        self._status = self._publisher(String, '~/status', RESULT)
        self._typed_status = RelocalisationStatus and self._publisher(
            RelocalisationStatus, '~/status_msg', RESULT)
        self._ready = self._publisher(Bool, '~/ready', LATCHED)
        self._broadcaster = TransformBroadcaster(node)
        self._map_to_odom = MapToOdom()

    def _publisher(self, message_type: type, topic: str, qos: QoSProfile) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(
            message_type, topic, qos, qos_overriding_options=overridable())

    def destroy(self) -> None:
        """Free the publishers."""
        for publisher in (self._pose, self._status, self._typed_status, self._ready):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._broadcaster.pub_tf)

    def publish_status(self, fields: dict[str, Any]) -> None:
        """Publish a dictionary as one line of JSON, and in its type where that is installed."""
        self._status.publish(String(data=json_text(fields)))
        if self._typed_status is not None:
            self._typed_status.publish(status_message(fields, self._node.options.map_frame))

    def publish_ready(self, ready: bool) -> None:
        """Publish whether the robot is localised."""
        self._ready.publish(Bool(data=ready))

    def publish_pose(self, outcome: Outcome) -> None:
        """Publish the pose at the stamp of the image."""
        self._pose.publish(stamped_pose(outcome, self._node.options))

    def correct(self, outcome: Outcome, jump: bool) -> Optional[int]:
        """Broadcast a new correction now and from now on; returns its stamp, None without one.

        Args:
            outcome: accepted Outcome.
            jump: the correction is taken at once, whatever the slew limits.
        """
        options = self._node.options
        if options.tf_mode == 'map_to_camera':
            target, _, child = outcome.tracked
            odom_from_base = np.eye(4)
        elif outcome.map_from_odom is not None:
            target, child = outcome.map_from_odom, options.odom_frame
            odom_from_base = invert_pose(target) @ outcome.map_from_base
        else:
            return None
        self._map_to_odom.set(target, child, odom_from_base, jump)
        return self.broadcast()

    def forget_correction(self) -> None:
        """Stop broadcasting."""
        self._map_to_odom.forget()

    def broadcast(self) -> Optional[int]:
        """Send the present correction, stamped into the future; returns the stamp or None."""
        options = self._node.options
        if not options.publish_tf or not self._node.is_active:
            return None
        metres, degrees = (limit or math.inf
                           for limit in (options.slew_translation, options.slew_rotation))
        return self._map_to_odom.step(time.monotonic(), metres, math.radians(degrees), self._send)

    def _send(self, map_from_child: np.ndarray, child_frame: str) -> int:
        options = self._node.options
        stamp_ns = (self._node.get_clock().now().nanoseconds
                    + int(options.transform_tolerance * 1e9))
        self._broadcaster.sendTransform(transform_message(
            map_from_child, options.map_frame, child_frame, stamp_ns))
        return stamp_ns


def stamped_pose(outcome: Outcome, options: RelocaliserOptions) -> PoseWithCovarianceStamped:
    """Pose of an accepted outcome in the frame of the map, at the stamp of the image."""
    pose, covariance = outcome.pose_of(options.pose_of)
    message = PoseWithCovarianceStamped(header=Header(
        stamp=stamp_message(outcome.stamp_ns), frame_id=options.map_frame))
    message.pose.pose = pose_message(pose)
    if covariance is not None:
        message.pose.covariance = np.asarray(covariance, np.float64).reshape(-1)
    return message
