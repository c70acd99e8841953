# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the robot says on a drive, with the time of its arrival, beside the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
import json
import threading
import time
from typing import Any, Optional

from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, String
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message, pose_of_transform
from scene_reloc_ros.ros.demo.service_calls import refuse_late
from scene_reloc_ros.ros.node.qos import LATCHED, RESULT

_TF_QOS = QoSProfile(depth=200)
_TF_STATIC_QOS = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_WRONG_M, _WRONG_DEG = 0.5, 10.0  # a pose that is farther off is of another place
_POLL_S = 0.1
Said = tuple[float, Any]  # when it arrived, seconds of a clock that never jumps; what


class DriveRecord:
    """Listens to the relocaliser, and to the truth that the player publishes."""

    def __init__(self, node: Node, frames: dict[str, str]) -> None:
        """Subscribe on ``node``.

        Args:
            node: that another thread spins.
            frames: dict with the frame names map, odom, base and camera.
        """
        self._node, self._frames = node, frames
        self._changed = threading.Condition()
        self.said: dict[str, list[Said]] = {
            kind: [] for kind in ('ready', 'status', 'pose', 'initialpose', 'map_to_odom')}
        self._truths: dict[int, np.ndarray] = {}  # stamp -> (4, 4) map_from_cam
        self._odometry: dict[int, np.ndarray] = {}  # stamp -> (4, 4) odom_from_base
        self._base_from_cam: Optional[np.ndarray] = None
        own = '/relocaliser'
        self._listen(Bool, f'{own}/ready', LATCHED, lambda m: self._say('ready', m.data))
        self._listen(String, f'{own}/status', RESULT,
                     lambda m: self._say('status', json.loads(m.data)))
        for kind in ('pose', 'initialpose'):
            self._listen(PoseWithCovarianceStamped, f'{own}/{kind}', RESULT,
                         partial(self._on_pose, kind))
        self._listen(PoseStamped, '/dataset_player/truth', RESULT, self._on_truth)
        self._listen(TFMessage, '/tf', _TF_QOS, self._on_tf)
        self._listen(TFMessage, '/tf_static', _TF_STATIC_QOS, self._on_tf)

    def _listen(self, message_type: type, topic: str, qos: QoSProfile,
                callback: Callable[[Any], None]) -> None:
        def on_message(message: Any) -> None:
            with self._changed:
                callback(message)
                self._changed.notify_all()
        self._node.create_subscription(message_type, topic, on_message, qos)

    def _say(self, kind: str, what: Any) -> None:
        self.said[kind].append((time.monotonic(), what))

    def _on_pose(self, kind: str, message: PoseWithCovarianceStamped) -> None:
        self._say(kind, _stamped(message))

    def _on_truth(self, message: PoseStamped) -> None:
        self._truths[nanoseconds(message.header.stamp)] = pose_of_message(message.pose)

    def _on_tf(self, message: TFMessage) -> None:
        frames = self._frames
        for transform in message.transforms:
            pair = transform.header.frame_id, transform.child_frame_id
            pose = pose_of_transform(transform.transform)
            if pair == (frames['odom'], frames['base']):
                self._odometry[nanoseconds(transform.header.stamp)] = pose
            elif pair == (frames['base'], frames['camera']):
                self._base_from_cam = pose
            elif pair == (frames['map'], frames['odom']):
                self._say('map_to_odom', pose)

    @property
    def ready(self) -> bool:
        """Tell what the newest word on ready says."""
        return bool(self.said['ready']) and self.said['ready'][-1][1]

    @property
    def seen(self) -> int:
        """Return how many images were played."""
        return len(self._truths)

    def since(self, kind: str, begin_s: float, end_s: float = np.inf) -> list[Said]:
        """Return what was said of a kind in some time."""
        with self._changed:
            return [one for one in self.said[kind] if begin_s <= one[0] < end_s]

    def until(self, condition: Callable[[], Any], what: str, timeout_s: float) -> Any:
        """Return the first true value of ``condition()``; DemoError names what did not come."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not (value := condition()):
                refuse_late(deadline, what)
                self._changed.wait(_POLL_S)
            return value

    def wrong_poses(self, kind: str, begin_s: float, end_s: float = np.inf) -> int:
        """Return how many poses of the robot are of another place than it was at their stamp."""
        wrong = 0
        for _, (stamp_ns, map_from_base) in self.since(kind, begin_s, end_s):
            truth = self._truths.get(stamp_ns)
            if truth is None or self._base_from_cam is None:
                wrong += 1  # of no image that was played
            else:
                wrong += _elsewhere(map_from_base, truth @ invert_pose(self._base_from_cam))
        return wrong

    def wrong_corrections(self, begin_s: float, end_s: float = np.inf) -> int:
        """Return how many transforms map to odom put the robot where it was not.

        Args:
            begin_s, end_s: a time in which the robot stayed in one part of a route.
        """
        said, both = self.since('map_to_odom', begin_s, end_s), self._truths.keys()
        stamps = sorted(both & self._odometry.keys())
        if not said or not stamps or self._base_from_cam is None:
            return len(said)
        newest = stamps[-1]
        map_from_base = self._truths[newest] @ invert_pose(self._base_from_cam)
        return sum(_elsewhere(correction @ self._odometry[newest], map_from_base)
                   for _, correction in said)


def _stamped(message: PoseWithCovarianceStamped) -> tuple[int, np.ndarray]:
    return nanoseconds(message.header.stamp), pose_of_message(message.pose.pose)


def _elsewhere(pose: np.ndarray, truth: np.ndarray) -> bool:
    metres, degrees = (float(part) for part in pose_errors(pose, truth))
    return metres > _WRONG_M or degrees > _WRONG_DEG
