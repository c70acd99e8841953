# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the mapper takes the camera pose in the map from: tf, or a topic with robot poses."""

from __future__ import annotations

import threading
import time
from typing import Optional, Protocol

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from scene_reloc_ros.geometry.pose_history import TransformHistory
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message
from scene_reloc_ros.ros.bridge.transform_lookup import PoseAnswer, TransformLookup
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import overridable, SENSOR

_CACHE_NS = 30_000_000_000
_POLL_S = 0.005


class PoseSource(Protocol):
    """What answers where the camera is."""

    def find(self, camera_frame: str, stamp_ns: int) -> PoseAnswer:
        """Return (map_from_cam, None) or (None, sentence); it may wait."""

    def clear(self) -> None:
        """Forget what moves."""

    def destroy(self) -> None:
        """Stop listening."""


class TransformPoses:
    """map_frame to the camera, from tf."""

    def __init__(self, node: ConfiguredLifecycleNode, lookup: TransformLookup) -> None:
        """Ask ``lookup``."""
        self._node = node
        self._lookup = lookup

    def find(self, camera_frame: str, stamp_ns: int) -> PoseAnswer:
        """Return (map_from_cam, None) or (None, sentence)."""
        options = self._node.options
        return self._lookup.find(options.map_frame, camera_frame, stamp_ns, options.tf_wait)

    def clear(self) -> None:
        """Forget what moves."""
        self._lookup.clear()

    def destroy(self) -> None:
        """Nothing of its own."""


class TopicPoses:
    """base_frame in the map from odom or pose, the camera on the robot from tf."""

    def __init__(self, node: ConfiguredLifecycleNode, lookup: TransformLookup) -> None:
        """Subscribe the topic of the parameter pose_source."""
        self._node = node
        self._lookup = lookup
        self._lock = threading.Lock()
        self._refused: Optional[str] = None
        self.clear()
        source = node.options.pose_source
        self._subscription = node.create_subscription(
            Odometry if source == 'odom' else PoseStamped, source, self._on_message, SENSOR,
            callback_group=MutuallyExclusiveCallbackGroup(),
            qos_overriding_options=overridable())

    def clear(self) -> None:
        """Forget all poses."""
        with self._lock:
            self._history = TransformHistory(self._node.options.map_frame, _CACHE_NS)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def find(self, camera_frame: str, stamp_ns: int) -> PoseAnswer:
        """Return (map_from_cam, None) or (None, sentence); the pose is interpolated."""
        options = self._node.options
        deadline = time.monotonic() + options.tf_wait
        while True:
            map_from_base, sentence = self._map_from_base(stamp_ns)
            if map_from_base is not None or time.monotonic() >= deadline:
                break
            time.sleep(_POLL_S)
        if map_from_base is None:
            return None, sentence
        base_from_cam, sentence = self._lookup.find(
            options.base_frame, camera_frame, stamp_ns, options.tf_wait)
        return (None, sentence) if base_from_cam is None else (map_from_base @ base_from_cam, None)

    def _map_from_base(self, stamp_ns: int) -> PoseAnswer:
        topic = self._subscription.topic_name
        with self._lock:
            span = self._history.span_ns
            if span is not None and span[0] <= stamp_ns <= span[1]:
                return self._history.parent_from_child(stamp_ns), None
        if self._refused is not None:
            return None, self._refused
        if span is None:
            return None, f'no pose on {topic} yet; start the source of the poses'
        side = 'later' if stamp_ns > span[1] else 'earlier'
        return None, (f'the stamp of the image is {side} than all poses on {topic}; '
                      'check the clocks and the rate of the poses')

    def _on_message(self, message: Odometry | PoseStamped) -> None:
        options, topic = self._node.options, self._subscription.topic_name
        pose = message.pose.pose if hasattr(message, 'child_frame_id') else message.pose
        frame = message.header.frame_id
        if frame != options.map_frame:
            self._refused = (f'poses on {topic} are in frame {frame!r}, the map is in '
                             f'{options.map_frame!r}; set the parameter map_frame')
            return
        try:
            pose_of_message(pose)
        except ValueError as error:
            self._refused = f'a pose on {topic} cannot be used: {error}'
            return
        p, q = pose.position, pose.orientation
        with self._lock:
            self._history.insert(
                nanoseconds(message.header.stamp), (p.x, p.y, p.z), (q.x, q.y, q.z, q.w))
            self._refused = None
