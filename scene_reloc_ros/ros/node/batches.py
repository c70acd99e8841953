# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Callbacks in batches: what comes often is handled some times a second while a node rests.

For every message the executor of rclpy gathers anew all that a node waits for, and wakes a thread
for it: with a hundred messages a second that is a fifth of a core for a node that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import threading
import time
from typing import Any, Optional

from rclpy.exceptions import InvalidHandle
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from scene_reloc_ros.ros.node.guard import CallbackGuard
from scene_reloc_ros.ros.node.threads import guarded_thread

SOON_S = 0.045  # between two batches of what has to be known soon
_LONGEST_S = 0.05  # between two looks at what is due
_SHORTEST_S = 0.002
_AWAKE_S = 0.1  # between two questions whether the node rests
_MOST = 200  # messages of a topic in one batch, so that a flood keeps nothing else waiting
Glance = Callable[[bytes], None]


@dataclass
class _Stream:
    """How a subscription is handled."""

    every_s: float
    glance: Optional[Glance]
    due_s: float = 0.0


class Batches:
    """The subscriptions and timers of a node that are handled here while the node rests.

    They keep their callback groups, so that each runs once at a time, here or in the executor.
    """

    def __init__(self, guard: CallbackGuard) -> None:
        """Begin without any; failures are told to ``guard``."""
        self.rests: Callable[[], bool] = lambda: False  # whether the node has only to listen
        self._guard = guard
        self._take = guard.of(_taken, 'reading a message')
        self._step = guard.of(self._go_on, 'a batch')
        self._streams: dict[Subscription, _Stream] = {}
        self._timers: list[Timer] = []
        self._resting = False
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def subscription(self, subscription: Subscription, every_s: float = SOON_S,
                     glance: Optional[Glance] = None) -> None:
        """Take a subscription, as long as it lives.

        Args:
            subscription: of the node.
            every_s: time between two batches of it, seconds; what does not fit into its queue
                meanwhile is dropped, the oldest first.
            glance: gets the messages as they came over the wire, in place of the callback, which
                would have them read first.
        """
        self._streams[subscription] = _Stream(every_s, None if glance is None else self._guard.of(
            glance, f'a message on {subscription.topic_name}'))

    def timer(self, timer: Timer) -> None:
        """Take a timer, as long as it lives."""
        self._timers.append(timer)

    def holds(self, entity: Any) -> bool:
        """Tell whether something is handled here now, and not by the executor."""
        return self._resting and (entity in self._streams or entity in self._timers)

    def start(self, wake: Callable[[], None]) -> None:
        """Begin, in a thread; ``wake()`` lets the executor look at everything again."""
        self._stopped.clear()
        self._thread = guarded_thread(lambda: self._run(wake), 'batches')
        self._thread.start()

    def stop(self) -> None:
        """End, and leave everything to the executor."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._resting = False

    def handle(self) -> None:
        """Handle all that is due."""
        for timer in tuple(self._timers):
            self._once(timer, self._call, self._timers.remove)
        now_s = time.monotonic()
        for subscription, stream in tuple(self._streams.items()):
            if now_s >= stream.due_s:
                stream.due_s = now_s + stream.every_s
                self._once(subscription, self._drain, self._streams.pop)

    def _run(self, wake: Callable[[], None]) -> None:
        while not self._stopped.wait(self._pause_s() if self._resting else _AWAKE_S):
            self._step(wake)

    def _go_on(self, wake: Callable[[], None]) -> None:
        rested, self._resting = self._resting, self.rests()
        if rested is not self._resting:
            wake()
        if self._resting:
            self.handle()

    def _pause_s(self) -> float:
        """Return the time until the fastest timer is due; the others wait for it."""
        try:
            fastest = min(self._timers, key=lambda timer: timer.timer_period_ns)
            return min(max(fastest.time_until_next_call() * 1e-9, _SHORTEST_S), _LONGEST_S)
        except (InvalidHandle, ValueError):  # it was destroyed, or there is none
            return _LONGEST_S

    @staticmethod
    def _once(entity: Any, handle: Callable[[Any], None], forget: Callable[[Any], Any]) -> None:
        """Handle one, unless the executor still does; forget it where it is destroyed."""
        try:
            with entity.handle:
                if entity.callback_group.beginning_execution(entity):
                    try:
                        handle(entity)
                    finally:
                        entity.callback_group.ending_execution(entity)
        except InvalidHandle:
            forget(entity)

    @staticmethod
    def _call(timer: Timer) -> None:
        if timer.is_ready():
            timer.handle.call_timer()
            timer.callback()

    def _drain(self, subscription: Subscription) -> None:
        glance = self._streams[subscription].glance
        for _ in range(_MOST):
            taken = self._take(subscription, glance is not None)
            if taken is None:
                return
            (glance or subscription.callback)(taken[0])


def _taken(subscription: Subscription, raw: bool) -> Optional[tuple[Any, Any]]:
    """Return the next message and what is known of it, None where none is there."""
    found: Optional[tuple[Any, Any]] = subscription.handle.take_message(
        subscription.msg_type, raw)
    return found
