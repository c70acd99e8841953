# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the mapper takes the camera pose in the map from: tf, or a topic with robot poses.

A pose that says of itself that it is wrong, or that no robot gets to, answers for no stamp
around it.
"""

from __future__ import annotations

import threading
import time
from typing import Optional, Protocol

from geometry_msgs.msg import Pose, PoseStamped
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from scene_reloc_ros.geometry.pose_history import TransformHistory
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.geometry.sample_times import SampleTimes
from scene_reloc_ros.geometry.stamp_stream import StampVerdict
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message
from scene_reloc_ros.ros.bridge.stamp_filter import NodeStamps
from scene_reloc_ros.ros.bridge.transform_lookup import PoseAnswer, TransformLookup
from scene_reloc_ros.ros.mapper.options import motion_bounds
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import overridable, SENSOR
from scene_reloc_ros.uncertainty.pose_plausibility import (
    doubtful_covariance,
    DoubtfulPose,
    PoseDoubt,
    PoseMonitor,
)

_CACHE_NS = 30_000_000_000
_POLL_S = 0.005


class PoseSource(Protocol):
    """What answers where the camera is."""

    def find(self, camera_frame: str, stamp_ns: int) -> PoseAnswer:
        """Return (map_from_cam, None) or (None, sentence); it may wait.

        DoubtfulPose says why what is known is not believed.
        """

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
        """Return (map_from_cam, None) or (None, sentence), see ``PoseSource``."""
        options = self._node.options
        found = self._lookup.find(options.map_frame, camera_frame, stamp_ns, options.tf_wait)
        doubt = self._lookup.doubt(
            options.map_frame, camera_frame, stamp_ns, options.pose_gap_limit)
        if doubt is not None:
            raise doubt
        return found

    def clear(self) -> None:
        """Nothing of its own: the lookup forgets by itself."""

    def destroy(self) -> None:
        """Nothing of its own."""


class TopicPoses:
    """base_frame in the map from odom or pose, the camera on the robot from tf."""

    def __init__(self, node: ConfiguredLifecycleNode, lookup: TransformLookup) -> None:
        """Subscribe the topic of the parameter pose_source."""
        self._node = node
        self._lookup = lookup
        self._lock = threading.Lock()
        self._stamps = NodeStamps(node)
        self._monitor = PoseMonitor()
        self.clear()
        source = node.options.pose_source
        self._subscription = node.create_subscription(
            Odometry if source == 'odom' else PoseStamped, source, self._on_message, SENSOR,
            callback_group=MutuallyExclusiveCallbackGroup(),
            qos_overriding_options=overridable())

    def clear(self) -> None:
        """Forget all poses, unless they are of the present already."""
        with self._lock:
            if not self._stamps.just_restarted:
                self._stamps.reset()
                self._forget()

    def _forget(self) -> None:
        self._refused: Optional[DoubtfulPose] = None  # the newest pose, where it was
        self._history = TransformHistory(self._node.options.map_frame, _CACHE_NS)
        self._times: SampleTimes[DoubtfulPose] = SampleTimes(_CACHE_NS)
        self._monitor.reset()

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
        self._refuse_doubtful(stamp_ns, map_from_base is None)
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
        if span is None:
            return None, f'no pose on {topic} yet; start the source of the poses'
        side = 'later' if stamp_ns > span[1] else 'earlier'
        return None, (f'the stamp of the image is {side} than all poses on {topic}; '
                      'check the clocks and the rate of the poses')

    def _refuse_doubtful(self, stamp_ns: int, missing: bool) -> None:
        """Raise DoubtfulPose where the poses around a stamp are no good, or too far apart."""
        limit_s, topic = self._node.options.pose_gap_limit, self._subscription.topic_name
        with self._lock:
            reason = self._times.reason(stamp_ns) or (self._refused if missing else None)
            gap_s = self._times.gap_ns(stamp_ns) * 1e-9
        if reason is not None:
            raise DoubtfulPose(reason.doubt, reason.detail)
        if limit_s and gap_s > limit_s:
            raise DoubtfulPose(PoseDoubt.POSE_GAP, (
                f'the poses on {topic} before and after the stamp of the image are {gap_s:.2f} s '
                f'apart, pose_gap_limit is {limit_s:.2f} s'))

    def _on_message(self, message: Odometry | PoseStamped) -> None:
        stamp_ns = nanoseconds(message.header.stamp)
        with self._lock:
            self._refused = self._other_frame(message)
            if self._refused is not None:
                return
            verdict = self._stamps.judge(stamp_ns)
            if verdict is StampVerdict.AHEAD or stamp_ns < 0:
                return
            if verdict is StampVerdict.RESTART:
                self._forget()
            self._refused = self._doubt(message, stamp_ns)
            if self._refused is not None:
                self._times.refuse(stamp_ns, self._refused)
                return
            p, q = _pose_of(message).position, _pose_of(message).orientation
            self._history.insert(stamp_ns, (p.x, p.y, p.z), (q.x, q.y, q.z, q.w))
            self._times.insert(stamp_ns)

    def _other_frame(self, message: Odometry | PoseStamped) -> Optional[DoubtfulPose]:
        """Return why a pose is of other frames than those asked for, None where it is of them."""
        options, topic = self._node.options, self._subscription.topic_name
        frame, child = message.header.frame_id, getattr(message, 'child_frame_id', '')
        if frame != options.map_frame:
            return DoubtfulPose(PoseDoubt.POSE_OF_OTHER_FRAME, (
                f'poses on {topic} are in frame {frame!r}, the map is in {options.map_frame!r}; '
                'set the parameter map_frame'))
        if child and child != options.base_frame:
            return DoubtfulPose(PoseDoubt.POSE_OF_OTHER_FRAME, (
                f'poses on {topic} are of {child!r}, base_frame is {options.base_frame!r}; set '
                'the parameter base_frame'))
        return None

    def _doubt(self, message: Odometry | PoseStamped, stamp_ns: int) -> Optional[DoubtfulPose]:
        """Return why a pose is not believed, None where it is."""
        options, topic = self._node.options, self._subscription.topic_name
        try:
            pose = checked_pose(pose_of_message(_pose_of(message)), 'the robot')
        except ValueError as error:
            return DoubtfulPose(PoseDoubt.POSE_IMPOSSIBLE,
                                  f'a pose on {topic} cannot be used: {error}')
        lost = '' if isinstance(message, PoseStamped) else doubtful_covariance(
            message.pose.covariance, options.pose_deviation_limit,
            options.pose_turn_deviation_limit)
        if lost:
            return DoubtfulPose(PoseDoubt.POSE_UNCERTAIN,
                                  f'a pose on {topic} is not believed: {lost}')
        self._monitor.bounds = motion_bounds(options)
        decision = self._monitor.test(stamp_ns, pose)
        if decision.believed:
            return None
        return DoubtfulPose(PoseDoubt.POSE_JUMP,
                              f'a pose on {topic} has jumped by {decision.step}')


def _pose_of(message: Odometry | PoseStamped) -> Pose:
    return message.pose if isinstance(message, PoseStamped) else message.pose.pose
