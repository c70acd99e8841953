# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Subscriber and ApproximateTimeSynchronizer with the signatures of message_filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading
from typing import Any, Optional

from rclpy.node import Node
from rclpy.time import Time


class Subscriber:
    """A subscription whose messages go to registered callbacks."""

    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of ``create_subscription`` but for the callback."""
        self._callbacks: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        topic_type, topic, *rest = args
        qos = kwargs.pop('qos_profile', rest[0] if rest else 10)
        self.sub = node.create_subscription(topic_type, topic, self._signal, qos, **kwargs)

    def registerCallback(  # noqa: N802 (the upstream name)
            self, callback: Callable[..., None], *args: Any) -> None:
        """Call ``callback(message, *args)`` for every message."""
        self._callbacks.append((callback, args))

    def _signal(self, message: Any) -> None:
        for callback, args in self._callbacks:
            callback(message, *args)


class ApproximateTimeSynchronizer:
    """Groups messages of several subscribers whose stamps differ by ``slop`` at most."""

    def __init__(self, fs: Sequence[Any], queue_size: int, slop: float) -> None:
        """Group the filters ``fs``, keeping ``queue_size`` messages of each; slop in seconds."""
        self._queues: list[dict[int, Any]] = [{} for _ in fs]
        self._queue_size = queue_size
        self._slop_ns = int(slop * 1e9)
        self._callbacks: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._lock = threading.Lock()
        for index, source in enumerate(fs):
            source.registerCallback(self._add, index)

    def registerCallback(  # noqa: N802 (the upstream name)
            self, callback: Callable[..., None], *args: Any) -> None:
        """Call ``callback(*messages, *args)`` for every group."""
        self._callbacks.append((callback, args))

    def _add(self, message: Any, index: int) -> None:
        stamp_ns = Time.from_msg(message.header.stamp).nanoseconds
        with self._lock:
            queue = self._queues[index]
            queue[stamp_ns] = message
            while len(queue) > self._queue_size:
                del queue[min(queue)]
            group = self._take_group(stamp_ns)
        if group is not None:
            for callback, args in self._callbacks:
                callback(*group, *args)

    def _take_group(self, stamp_ns: int) -> Optional[list[Any]]:
        """Take the nearest message of every queue, if all of them are near enough."""
        if not all(self._queues):
            return None
        stamps = [min(queue, key=lambda other: abs(other - stamp_ns)) for queue in self._queues]
        if max(stamps) - min(stamps) > self._slop_ns:
            return None
        return [queue.pop(stamp) for queue, stamp in zip(self._queues, stamps)]
