# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Buffer, TransformListener and broadcasters with the signatures of tf2_ros."""

from __future__ import annotations

import threading
import time as wall_time
from typing import Optional

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.pose_history import TransformHistory
from scene_reloc_ros.geometry.poses import invert_pose, translation_quaternion_from_pose

_DYNAMIC_QOS = QoSProfile(depth=100, history=HistoryPolicy.KEEP_LAST)
_STATIC_QOS = QoSProfile(depth=100, history=HistoryPolicy.KEEP_LAST,
                         durability=DurabilityPolicy.TRANSIENT_LOCAL)
_POLL_S = 0.005


class TransformException(Exception):
    """A transform could not be answered; the text says why."""


class LookupException(TransformException):
    """A frame is not known."""


class ConnectivityException(TransformException):
    """Two frames are in trees that are not connected."""


class ExtrapolationException(TransformException):
    """The stamp lies outside what is known."""


class Buffer:
    """Keeps transforms for ``cache_time`` and answers them at any stamp inside it."""

    def __init__(self, cache_time: Optional[Duration] = None, node: Optional[Node] = None) -> None:
        """Start empty; 10 s are kept by default."""
        del node
        self._cache_ns = (cache_time or Duration(seconds=10)).nanoseconds
        self._histories: dict[str, TransformHistory] = {}
        self._lock = threading.Lock()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Take a geometry_msgs/TransformStamped."""
        del authority
        self._insert(transform, is_static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Take a geometry_msgs/TransformStamped that holds for all time."""
        del authority
        self._insert(transform, is_static=True)

    def clear(self) -> None:
        """Forget everything but the static transforms."""
        with self._lock:
            self._histories = {child: history for child, history in self._histories.items()
                               if history.is_static}

    def can_transform(self, target_frame: str, source_frame: str, time: Time,
                      timeout: Optional[Duration] = None) -> bool:
        """Tell whether ``lookup_transform`` would succeed."""
        try:
            self.lookup_transform(target_frame, source_frame, time, timeout)
        except TransformException:
            return False
        return True

    def lookup_transform(self, target_frame: str, source_frame: str, time: Time,
                         timeout: Optional[Duration] = None) -> TransformStamped:
        """Return the TransformStamped ``target_from_source`` at ``time`` (zero: the newest)."""
        deadline = wall_time.monotonic() + (timeout.nanoseconds * 1e-9 if timeout else 0.0)
        while True:
            try:
                with self._lock:
                    return self._lookup(target_frame, source_frame, time.nanoseconds)
            except TransformException:
                if wall_time.monotonic() >= deadline:
                    raise
            wall_time.sleep(_POLL_S)

    def _insert(self, transform: TransformStamped, is_static: bool) -> None:
        child, parent = transform.child_frame_id.lstrip('/'), transform.header.frame_id.lstrip('/')
        if child == parent:  # tf2 ignores it too: every look-up above it would go round for ever
            return
        t, q = transform.transform.translation, transform.transform.rotation
        with self._lock:
            history = self._histories.get(child)
            if history is None or history.parent != parent or history.is_static != is_static:
                history = TransformHistory(parent, self._cache_ns, is_static)
                self._histories[child] = history
            stamp = transform.header.stamp  # it may be negative, which Time refuses
            history.insert(stamp.sec * 1_000_000_000 + stamp.nanosec,
                           (t.x, t.y, t.z), (q.x, q.y, q.z, q.w))

    def _lookup(self, target: str, source: str, stamp_ns: int) -> TransformStamped:
        for frame in (target, source):
            self._refuse_unknown(frame)
        from_target, from_source = self._ancestors(target), self._ancestors(source)
        common = next((frame for frame in from_source if frame in from_target), None)
        if common is None:
            raise ConnectivityException(
                f'{target} and {source} are in two trees that are not connected')
        target_chain = from_target[:from_target.index(common)]
        source_chain = from_source[:from_source.index(common)]
        if stamp_ns == 0:
            stamp_ns = self._newest_common_stamp(target_chain + source_chain)
        common_from_target = self._compose(target_chain, stamp_ns)
        common_from_source = self._compose(source_chain, stamp_ns)
        return _stamped(target, source, stamp_ns,
                        invert_pose(common_from_target) @ common_from_source)

    def _refuse_unknown(self, frame: str) -> None:
        known = frame in self._histories or any(
            history.parent == frame for history in self._histories.values())
        if not known:
            raise LookupException(f'frame {frame} is not known')

    def _ancestors(self, frame: str) -> list[str]:
        frames = [frame]
        while frames[-1] in self._histories:
            parent = self._histories[frames[-1]].parent
            if parent in frames:
                raise ConnectivityException(f'frames {frames} form a loop')
            frames.append(parent)
        return frames

    def _newest_common_stamp(self, chain: list[str]) -> int:
        moving = [history.span_ns for history in map(self._histories.__getitem__, chain)
                  if not history.is_static]
        return min((span[1] for span in moving if span is not None), default=0)

    def _compose(self, chain: list[str], stamp_ns: int) -> np.ndarray:
        ancestor_from_frame = np.eye(4)
        for child in chain:
            history = self._histories[child]
            assert history.span_ns is not None  # it is kept with its first sample
            oldest, newest = history.span_ns
            if not history.is_static and not oldest <= stamp_ns <= newest:
                raise ExtrapolationException(_outside(child, history.parent, stamp_ns, oldest,
                                                      newest))
            ancestor_from_frame = history.parent_from_child(stamp_ns) @ ancestor_from_frame
        return ancestor_from_frame


class TransformListener:
    """Feeds a buffer from /tf and /tf_static."""

    def __init__(self, buffer: Buffer, node: Node, *, spin_thread: bool = False,
                 qos: Optional[QoSProfile] = None,
                 static_qos: Optional[QoSProfile] = None) -> None:
        """Subscribe on ``node``; the caller spins it (``spin_thread`` is not supported here)."""
        if spin_thread:
            raise ValueError('spin_thread is not supported; spin the node')
        self.buffer = buffer
        group = ReentrantCallbackGroup()
        self.tf_sub = node.create_subscription(
            TFMessage, '/tf', self._on_tf, qos or _DYNAMIC_QOS, callback_group=group)
        self.tf_static_sub = node.create_subscription(
            TFMessage, '/tf_static', self._on_tf_static, static_qos or _STATIC_QOS,
            callback_group=group)
        self._node = node

    def unregister(self) -> None:
        """Stop listening."""
        self._node.destroy_subscription(self.tf_sub)
        self._node.destroy_subscription(self.tf_static_sub)

    def _on_tf(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self.buffer.set_transform(transform, 'default_authority')

    def _on_tf_static(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self.buffer.set_transform_static(transform, 'default_authority')


class TransformBroadcaster:
    """Publishes transforms on /tf."""

    def __init__(self, node: Node, qos: Optional[QoSProfile] = None) -> None:
        """Publish on ``node``."""
        self.pub_tf = node.create_publisher(TFMessage, '/tf', qos or _DYNAMIC_QOS)

    def sendTransform(  # noqa: N802 (the upstream name)
            self, transform: TransformStamped | list[TransformStamped]) -> None:
        """Publish one TransformStamped or a list of them."""
        transforms = transform if isinstance(transform, (list, tuple)) else [transform]
        self.pub_tf.publish(TFMessage(transforms=list(transforms)))


class StaticTransformBroadcaster:
    """Publishes transforms on /tf_static, all of them again with every new one."""

    def __init__(self, node: Node, qos: Optional[QoSProfile] = None) -> None:
        """Publish on ``node``, latched with depth one."""
        self._transforms: dict[str, TransformStamped] = {}
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos or QoSProfile(
            depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))

    def sendTransform(  # noqa: N802 (the upstream name)
            self, transform: TransformStamped | list[TransformStamped]) -> None:
        """Publish one TransformStamped or a list of them."""
        transforms = transform if isinstance(transform, (list, tuple)) else [transform]
        self._transforms.update({t.child_frame_id: t for t in transforms})
        self.pub_tf.publish(TFMessage(transforms=list(self._transforms.values())))


def _outside(child: str, parent: str, stamp_ns: int, oldest: int, newest: int) -> str:
    if stamp_ns > newest:
        return (f'{parent} to {child} is known until {newest * 1e-9:.3f} s, the stamp is '
                f'{(stamp_ns - newest) * 1e-9:.3f} s later')
    return (f'{parent} to {child} is known from {oldest * 1e-9:.3f} s on, the stamp is '
            f'{(oldest - stamp_ns) * 1e-9:.3f} s earlier')


def _stamped(target: str, source: str, stamp_ns: int,
             target_from_source: np.ndarray) -> TransformStamped:
    message = TransformStamped(child_frame_id=source)
    message.header.frame_id = target
    message.header.stamp = Time(nanoseconds=stamp_ns).to_msg()
    translation, quaternion = translation_quaternion_from_pose(target_from_source)
    t, q = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = translation.tolist()
    q.x, q.y, q.z, q.w = quaternion.tolist()
    return message
