# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Listens to everything that the demo shows, and brings it together by stamp."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
import json
import threading
from typing import Any, Optional

from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, String
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message, pose_of_transform
from scene_reloc_ros.ros.compat.upstream import CvBridge
from scene_reloc_ros.ros.node.qos import LATCHED, RESULT

Poses = dict[int, np.ndarray]  # stamp in nanoseconds -> (4, 4)
_TF_QOS = QoSProfile(depth=200)
_TF_STATIC_QOS = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class DemoObserver:
    """Collects the truth, the poses, the transforms and the status of player and nodes."""

    def __init__(self, node: Node, frames: dict[str, str]) -> None:
        """Subscribe on ``node``.

        Args:
            node: the node of the conductor.
            frames: dict with the frame names map, odom, base and camera.
        """
        self._node, self._frames = node, frames
        self.changed = threading.Condition()
        self.latest: dict[str, dict[str, Any]] = {}  # of each status topic
        self.finished: Optional[bool] = None
        self.map_path: Optional[str] = None
        self.progress: Optional[dict[str, Any]] = None
        self._base_from_cam: Optional[np.ndarray] = None
        self._odometry: Poses = {}
        self._corrections: Poses = {}
        self._subscribe_nodes()
        self.clear()

    def clear(self) -> None:
        """Begin a new part of the demo."""
        with self.changed:
            self._truths: Poses = OrderedDict()
            self._poses: Poses = {}
            self._names: dict[int, str] = {}
            self._statuses: dict[int, dict[str, Any]] = {}
            self._odometry.clear()
            self._corrections.clear()
            self._most_inliers = -1
            self._picture: tuple[Optional[int], Optional[np.ndarray]] = (None, None)

    def _subscribe_nodes(self) -> None:
        for topic in ('/dataset_player/status', '/mapper/status', '/relocaliser/status'):
            self._listen(String, topic, RESULT, self._on_status, topic)
        self._listen(String, '/mapper/progress', RESULT, self._on_progress)
        self._listen(String, '/mapper/map_ready', LATCHED, self._on_map_ready)
        self._listen(Bool, '/dataset_player/finished', LATCHED, self._on_finished)
        self._listen(PoseStamped, '/dataset_player/truth', RESULT, self._on_truth)
        self._listen(PoseWithCovarianceStamped, '/relocaliser/pose', RESULT, self._on_pose)
        self._listen(TFMessage, '/tf', _TF_QOS, self._on_tf)
        self._listen(TFMessage, '/tf_static', _TF_STATIC_QOS, self._on_tf)

    def watch_pictures(self) -> None:
        """Keep the picture with the most inliers from now on."""
        self._bridge = CvBridge()
        self._listen(Image, '/relocaliser/debug_image', RESULT, self._on_picture)

    def _listen(self, message_type: type, topic: str, qos: QoSProfile,
                callback: Callable[..., None], *args: Any) -> None:
        def on_message(message: Any) -> None:
            with self.changed:
                callback(message, *args)
                self.changed.notify_all()
        self._node.create_subscription(message_type, topic, on_message, qos)

    def _on_status(self, message: String, topic: str) -> None:
        fields = json.loads(message.data)
        self.latest[topic] = fields
        stamp_ns = fields.get('stamp_ns')
        if stamp_ns is None:
            return
        if topic == '/dataset_player/status':
            self._names[stamp_ns] = fields['name']
        elif topic == '/relocaliser/status':
            self._statuses[stamp_ns] = fields

    def _on_progress(self, message: String) -> None:
        self.progress = json.loads(message.data)

    def _on_map_ready(self, message: String) -> None:
        self.map_path = message.data

    def _on_finished(self, message: Bool) -> None:
        self.finished = message.data

    def _on_truth(self, message: PoseStamped) -> None:
        self._truths[nanoseconds(message.header.stamp)] = pose_of_message(message.pose)

    def _on_pose(self, message: PoseWithCovarianceStamped) -> None:
        self._poses[nanoseconds(message.header.stamp)] = pose_of_message(message.pose.pose)

    def _on_tf(self, message: TFMessage) -> None:
        frames = self._frames
        for transform in message.transforms:
            pair = (transform.header.frame_id, transform.child_frame_id)
            stamp_ns = nanoseconds(transform.header.stamp)
            if pair == (frames['odom'], frames['base']):
                self._odometry[stamp_ns] = pose_of_transform(transform.transform)
            elif pair == (frames['map'], frames['odom']):
                self._corrections[stamp_ns] = pose_of_transform(transform.transform)
            elif pair == (frames['base'], frames['camera']):
                self._base_from_cam = pose_of_transform(transform.transform)

    def _on_picture(self, message: Image) -> None:
        stamp_ns = nanoseconds(message.header.stamp)
        inliers = self._statuses.get(stamp_ns, {}).get('inliers', 0)
        if inliers > self._most_inliers:
            image = self._bridge.imgmsg_to_cv2(message, 'bgr8').copy()
            self._most_inliers, self._picture = inliers, (stamp_ns, image)

    @property
    def picture(self) -> tuple[Optional[int], Optional[np.ndarray]]:
        """Return (stamp_ns, image) of the frame with the most inliers, or (None, None)."""
        return self._picture

    @property
    def answered(self) -> int:
        """Number of played frames that the relocaliser has answered."""
        return sum(stamp in self._statuses for stamp in self._truths)

    @property
    def played(self) -> int:
        """Number of played frames."""
        return len(self._truths)

    def route(self) -> list[list[float]]:
        """Return the true camera positions as lists of x, y, z in metres."""
        return [pose[:3, 3].tolist() for pose in self._truths.values()]

    def records(self) -> list[dict[str, Any]]:
        """Return one dictionary for every played frame, matched by stamp."""
        return [self._record(stamp_ns, truth) for stamp_ns, truth in self._truths.items()]

    def _record(self, stamp_ns: int, truth: np.ndarray) -> dict[str, Any]:
        status = self._statuses.get(stamp_ns, {})
        base_from_cam = self._base_from_cam
        tf_stamp_ns = status.get('map_to_odom_stamp_ns')
        pose = self._poses.get(stamp_ns)
        correction = None if tf_stamp_ns is None else self._corrections.get(tf_stamp_ns)
        odometry = self._odometry.get(stamp_ns)
        from_topic = None if pose is None else pose @ base_from_cam
        from_tf = None
        if correction is not None and odometry is not None:
            from_tf = correction @ odometry @ base_from_cam
        return {
            'name': self._names.get(stamp_ns, str(stamp_ns)), 'stamp_ns': stamp_ns,
            'map_from_cam_true': truth.tolist(), 'map_from_cam': _listed(from_topic),
            'map_from_cam_of_tf': _listed(from_tf), 'accepted': from_topic is not None,
            'reason': status.get('reason', 'no_answer'), 'inliers': status.get('inliers', 0),
            'sentence': status.get('sentence', 'the relocaliser did not answer'),
            'latency_ms': status.get('latency_ms'), 'delay_ms': status.get('delay_ms')}


def _listed(pose: Optional[np.ndarray]) -> Optional[list[list[float]]]:
    return None if pose is None else np.asarray(pose).tolist()
