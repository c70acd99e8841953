# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The pose that others start from: told when the robot is found, taken as a hint."""

from __future__ import annotations

import math
import time
from typing import Any, Optional

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import Header

from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.pipeline.tracking.pose_hint import PoseHint
from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_message,
    pose_of_message,
    stamp_message,
)
from scene_reloc_ros.ros.node.qos import overridable, RESULT
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.services import RelocalisingNode

_AGAIN_S = 5.0  # an odometry that waits for a pose may not have listened before
# Particles and scan matchers are spread over the covariance: one of millimetres leaves them no
# choice where odometry or the stamp is a little off.
_SPREAD = np.diag([0.05 ** 2] * 3 + [math.radians(2.0) ** 2] * 3)  # m^2 and rad^2


class InitialPose:
    """Publishes ~/initialpose and listens to initialpose."""

    def __init__(self, node: RelocalisingNode) -> None:
        """Serve ``node``."""
        self._node = node
        self._hint: Optional[PoseHint] = None
        self._sent: Optional[PoseWithCovarianceStamped] = None
        self._started: Optional[int] = None  # epoch in which an odometry was told to start
        self._started_s = 0.0  # and when

    def configure(self) -> None:
        """Publish and subscribe, until the node is cleaned up."""
        node = self._node
        self._publisher = node.create_lifecycle_publisher(
            PoseWithCovarianceStamped, '~/initialpose', RESULT,
            qos_overriding_options=overridable())
        node.closers.callback(node.destroy_lifecycle_publisher, self._publisher)
        subscription = node.create_subscription(
            PoseWithCovarianceStamped, 'initialpose', self._on_hint, RESULT,
            callback_group=MutuallyExclusiveCallbackGroup())
        node.closers.callback(node.destroy_subscription, subscription)

    def consider(self, outcome: Outcome, found: bool, ready: bool, epoch: int) -> None:
        """Tell where the robot is, where that is news to others.

        An odometry may itself wait for a pose, as a filter or a SLAM that is started with one: it
        is told where poses agree without it, and again while it does not begin.

        Args:
            outcome: of an image.
            found: the robot was found with it, or where it was carried.
            ready: others know where it is.
            epoch: another one after every loss.
        """
        known, now_s = self._started == epoch, time.monotonic()
        if found:
            self._started = None
            if not known:
                self._publish(outcome)
        elif outcome.sure and not ready and not (known and now_s < self._started_s + _AGAIN_S):
            self._started, self._started_s = epoch, now_s
            self._publish(outcome)

    def _publish(self, outcome: Outcome) -> None:
        """Send the pose of the robot at the stamp of the image."""
        if outcome.map_from_base is None:  # of a camera alone
            return
        options = self._node.options
        frame = {'map': options.map_frame, 'base': options.base_frame}[options.initialpose_frame]
        message = PoseWithCovarianceStamped(header=Header(
            stamp=stamp_message(outcome.stamp_ns), frame_id=frame))
        message.pose.pose = pose_message(outcome.map_from_base)
        message.pose.covariance = _told(outcome.base_covariance, options).reshape(-1)
        self._sent = message
        self._publisher.publish(message)

    def forget_hint(self) -> None:
        """Forget what was said before time jumped back."""
        self._hint = None

    def hint_fields(self, outcome: Optional[Outcome]) -> Optional[dict[str, Any]]:
        """Return how an accepted pose compares with the newest hint, None without either."""
        if self._hint is None or outcome is None or not outcome.accepted:
            return None
        if outcome.map_from_base is None:
            return None
        found = self._hint.compare(outcome.map_from_base)
        return {'stamp_ns': self._hint.stamp_ns, 'distance_m': round(found.distance_m, 3),
                'angle_deg': round(found.angle_deg, 2), 'agrees': found.agrees}

    def _on_hint(self, message: PoseWithCovarianceStamped) -> None:
        if not self._node.is_active or message == self._sent:  # it comes back where it is remapped
            return
        try:
            self._hint = self._read(message)
        except ValueError as error:
            sentence = f'the hint on initialpose is not used: {error}'
            self._node.get_logger().warning(sentence)
            self._node.report(StatusReason.HINT_REFUSED.code, sentence)

    def _read(self, message: PoseWithCovarianceStamped) -> PoseHint:
        """Return the hint of a message; ValueError says why it is none."""
        expected = self._node.options.map_frame
        if message.header.frame_id.lstrip('/') != expected:
            raise ValueError(f'it is in frame {message.header.frame_id!r}, the map is in '
                             f'{expected!r}; give it in map_frame')
        pose = checked_pose(pose_of_message(message.pose.pose), 'the pose')
        covariance = np.asarray(message.pose.covariance, np.float64).reshape(6, 6)
        return PoseHint(nanoseconds(message.header.stamp), pose, covariance)


def _told(covariance: Optional[np.ndarray], options: RelocaliserOptions) -> np.ndarray:
    """Return the covariance (6, 6) for others; of a pose without one: what acceptance allows."""
    if covariance is None or not np.isfinite(covariance).all():
        return np.diag([options.accept_within ** 2] * 3
                       + [math.radians(options.accept_angle) ** 2] * 3)
    return np.asarray(covariance, np.float64) + _SPREAD
