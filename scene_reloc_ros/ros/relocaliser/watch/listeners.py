# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What others say of tracking: a flag, odometry, diagnostics."""

from __future__ import annotations

from fnmatch import fnmatchcase
import math
import time
from typing import Any, Optional, Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import Bool

from scene_reloc_ros.geometry.stamp_stream import StampVerdict
from scene_reloc_ros.pipeline.tracking.loss import Loss, LossReason
from scene_reloc_ros.pipeline.tracking.odometry_watch import OdometryWatch
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message
from scene_reloc_ros.ros.bridge.stamp_filter import NodeStamps
from scene_reloc_ros.ros.node.qos import overridable, RESULT, SENSOR
from scene_reloc_ros.ros.relocaliser.services import RelocalisingNode

ODOMETRY = 'odometry'  # source of losses
_HEARD_S = 10.0  # a topic that is silent for longer is none


class Losses(Protocol):
    """What takes a loss."""

    def lose(self, loss: Optional[Loss]) -> None:
        """Give the pose up, where there is one, and tell everyone."""

    def hold(self, source: str, loss: Optional[Loss]) -> None:
        """Give the pose up, and find none while a source goes on to say so; None: it is well."""


class TrackingListeners:
    """Subscribes what the parameters name, and hands losses on under the lock of the node."""

    def __init__(self, node: RelocalisingNode, watch: OdometryWatch, losses: Losses) -> None:
        """Listen for ``node``; ``watch`` judges its odometry, ``losses`` takes what is lost."""
        self._node, self._watch, self._losses = node, watch, losses
        self._stamps = NodeStamps(node)
        self._heard_s = -math.inf  # when a message of odometry came last

    @property
    def hears_odometry(self) -> bool:
        """Tell whether odometry comes, or came until not long ago, on its topic."""
        return time.monotonic() - self._heard_s < _HEARD_S

    def configure(self) -> None:
        """Subscribe, until the node is cleaned up."""
        options = self._node.options
        if options.tracking_topic:
            self._until_cleanup(self._node.create_subscription(
                Bool, options.tracking_topic, self._on_tracking, SENSOR,
                callback_group=MutuallyExclusiveCallbackGroup(),
                qos_overriding_options=overridable()))
        if options.odometry_topic:
            self._until_cleanup(self._node.create_subscription(
                Odometry, options.odometry_topic, self._on_odometry, SENSOR,
                callback_group=MutuallyExclusiveCallbackGroup(),
                qos_overriding_options=overridable()))
        if options.watched_names():
            self._until_cleanup(self._node.create_subscription(
                DiagnosticArray, '/diagnostics', self._on_diagnostics, RESULT,
                callback_group=MutuallyExclusiveCallbackGroup()))

    def _until_cleanup(self, subscription: Any) -> None:
        self._node.closers.callback(self._node.destroy_subscription, subscription)
        self._node.batches.subscription(subscription)

    def _on_tracking(self, message: Bool) -> None:
        topic = self._node.resolve_topic_name(self._node.options.tracking_topic)
        with self._node.swap_lock:
            self._losses.hold('tracking', None if message.data else Loss(
                LossReason.TRACKING_NOT_OK, f'{topic} says that tracking is lost'))

    def _on_odometry(self, message: Odometry) -> None:
        if self._node.options.tf_mode != 'map_to_odom':
            return
        self._heard_s = time.monotonic()
        stamp_ns = nanoseconds(message.header.stamp)
        verdict = self._stamps.judge(stamp_ns)
        if verdict in (StampVerdict.AHEAD, StampVerdict.LATE):
            return
        try:
            pose = pose_of_message(message.pose.pose)
        except ValueError:
            pose = None
        with self._node.swap_lock:
            if verdict is StampVerdict.RESTART:
                self._watch.reset()
            loss = self._watch.take(time.monotonic(), stamp_ns, pose, message.pose.covariance)
            self._losses.hold(ODOMETRY, self._watch.declared)
            if loss is not None and self._watch.declared is None:
                self._losses.lose(loss)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        patterns = self._node.options.watched_names()
        own = f'{self._node.diagnostic_name}: '  # what this node complains of must not lose it
        for status in message.status:
            if not status.name.startswith(own) and any(
                    fnmatchcase(status.name, pattern) for pattern in patterns):
                self._on_diagnosis(status)

    def _on_diagnosis(self, status: DiagnosticStatus) -> None:
        bad = status.level >= DiagnosticStatus.ERROR
        word = 'is stale' if status.level == DiagnosticStatus.STALE else 'reports an error'
        with self._node.swap_lock:
            self._losses.hold(f'diagnostics of {status.name}', Loss(
                LossReason.DIAGNOSTICS_ERROR, f'{status.name} {word}: {status.message}')
                if bad else None)
