# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Between the odometry of the dataset player and the robot: it tells what a way of loss says."""

from __future__ import annotations

import threading
import time
from typing import Optional

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Quaternion
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.node import Node
from std_msgs.msg import Bool
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.evaluation.loss_ways import Told, Way
from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_message,
    pose_of_transform,
    transform_message,
)
from scene_reloc_ros.ros.node.qos import RESULT

PLAYED_TF = '/tf_played'  # what the player's /tf is remapped to
_PERIOD_S = 0.03  # of odometry
_NAME = 'drive: wheels'  # on /diagnostics


class OdometryRelay:
    """Tells odometry on ``odom`` at a steady rate, and passes /tf on with the player's stamps."""

    def __init__(self, node: Node, frames: dict[str, str]) -> None:
        """Begin with odometry that is well.

        Args:
            node: that it speaks on.
            frames: dict with the frame names odom and base.
        """
        self._node, self._frames = node, frames
        self._lock = threading.Lock()
        self._told, self._begun_s = Told(), 0.0
        self._moved_m = 0.0  # along x, by what was told before
        self._newest: Optional[np.ndarray] = None  # (4, 4) odom_from_base
        self._odometry = node.create_publisher(Odometry, 'odom', RESULT)
        self._tf = node.create_publisher(TFMessage, '/tf', 100)
        self._flag = node.create_publisher(Bool, 'tracking_ok', RESULT)
        self._diagnostics = node.create_publisher(DiagnosticArray, '/diagnostics', RESULT)
        node.create_subscription(TFMessage, PLAYED_TF, self._on_tf, 100)
        node.create_timer(_PERIOD_S, self._tell)

    def begin(self, way: Way) -> None:
        """Be lost in a way from now on."""
        self._change(way.told)
        if not way.flag:
            self._flag.publish(Bool(data=False))
        if not way.healthy:
            self._report(DiagnosticStatus.ERROR, 'the wheels do not answer')

    def heal(self, way: Way) -> None:
        """Be well again; where odometry has jumped or slipped to, it stays."""
        self._change(Told())
        if not way.flag:
            self._flag.publish(Bool(data=True))
        if not way.healthy:
            self._report(DiagnosticStatus.OK, 'well')

    def _change(self, told: Told) -> None:
        with self._lock:
            self._moved_m = self._present_m()
            self._told, self._begun_s = told, time.monotonic()
            self._moved_m += told.jump_m
            if self._newest is not None:
                self._newest = self._newest.copy()
                self._newest[0, 3] += told.jump_m
        self._tell()

    def _present_m(self) -> float:
        return self._moved_m + self._told.slip_m_s * (time.monotonic() - self._begun_s)

    def _report(self, level: bytes, text: str) -> None:
        self._diagnostics.publish(DiagnosticArray(status=[
            DiagnosticStatus(name=_NAME, level=level, message=text)]))

    def _on_tf(self, message: TFMessage) -> None:
        """Pass on where the player has the robot; with what is told of the way so far."""
        frames = self._frames
        for transform in message.transforms:
            if (transform.header.frame_id, transform.child_frame_id) != (
                    frames['odom'], frames['base']):
                continue
            with self._lock:
                self._newest = pose_of_transform(transform.transform)
                self._newest[0, 3] += self._present_m()
                silent = self._told.silent
            if not silent:
                self._tf.publish(TFMessage(transforms=[transform_message(
                    self._newest, frames['odom'], frames['base'],
                    nanoseconds(transform.header.stamp))]))

    def _tell(self) -> None:
        """Send odometry as it is told now."""
        with self._lock:
            told, pose = self._told, self._newest
        if pose is None or told.silent:
            return
        message = Odometry(child_frame_id=self._frames['base'])
        message.header.frame_id = self._frames['odom']
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.pose.pose = pose_message(pose)
        if not told.directed:
            message.pose.pose.orientation = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)
        message.pose.covariance = np.asarray(told.covariance, np.float64).reshape(-1)
        self._odometry.publish(message)
