# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Filter of messages: what bears a wrong stamp is refused, and spoils nothing that follows."""

from __future__ import annotations

from collections.abc import Callable
import math
import threading
import time
from typing import Any, Optional

from rclpy.node import Node

from scene_reloc_ros.geometry.stamp_stream import StampStream, StampVerdict
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.uncertainty.rejection import Rejection

_REMEDY = ('Several in a row that agree are believed; for a recording that is played set '
           'use_sim_time.')
_JUST_S = 2.0  # within which all streams of a node hear of the same restart


class NodeStamps:
    """A StampStream on the clock of a node; safe to use from several threads."""

    def __init__(self, node: Node) -> None:
        """Judge by the clock of ``node``."""
        self._node = node
        self._stream = StampStream()
        self._lock = threading.Lock()
        self._restarted_s = -math.inf

    def judge(self, stamp_ns: int) -> StampVerdict:
        """Return what to think of a message that arrives now."""
        with self._lock:
            verdict = self._stream.judge(stamp_ns, self._node.get_clock().now().nanoseconds,
                                         time.monotonic_ns())
            if verdict is StampVerdict.RESTART:
                self._restarted_s = time.monotonic()
            return verdict

    def reset(self) -> None:
        """Forget everything, as after a clock that was set back."""
        with self._lock:
            self._stream.reset()

    @property
    def just_restarted(self) -> bool:
        """Tell whether time has begun anew here: what others say of it later is no news."""
        return time.monotonic() - self._restarted_s < _JUST_S

    @property
    def newest_ns(self) -> Optional[int]:
        """Return the newest stamp that is believed, None without one."""
        return self._stream.newest_ns


class StampFilter:
    """Passes messages on to the callbacks that are registered, as message_filters does.

    What has no stamp is passed on: it is named later.
    """

    def __init__(self, node: Node,
                 on_refused: Callable[[Any, InputRejection], None] = lambda *_: None,
                 on_restart: Callable[[], None] = lambda: None) -> None:
        """Make a filter.

        Args:
            node: whose clock the stamps should be of.
            on_refused: called with a message that is refused, and why.
            on_restart: called before a message that says that time has gone back.
        """
        self._stamps = NodeStamps(node)
        self._on_refused, self._on_restart = on_refused, on_restart
        self._callbacks: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def registerCallback(  # noqa: N802 (the name in message_filters)
            self, callback: Callable[..., None], *args: Any) -> None:
        """Call ``callback(message, *args)`` for every message that is believed."""
        self._callbacks.append((callback, args))

    def disconnect(self) -> None:
        """Call nobody from now on."""
        self._callbacks = []

    def reset(self) -> None:
        """Forget the stamps of before."""
        self._stamps.reset()

    def take(self, message: Any) -> None:
        """Pass a message on or refuse it."""
        stamp_ns = nanoseconds(message.header.stamp)
        if stamp_ns > 0:
            verdict = self._stamps.judge(stamp_ns)
            if verdict in (StampVerdict.AHEAD, StampVerdict.LATE):
                self._on_refused(message, _rejection(verdict, stamp_ns, self._stamps.newest_ns))
                return
            if verdict is StampVerdict.RESTART:
                self._on_restart()
        for callback, args in self._callbacks:
            callback(message, *args)


def _rejection(verdict: StampVerdict, stamp_ns: int, newest_ns: Optional[int]) -> InputRejection:
    rejection = (Rejection.FUTURE_STAMP if verdict is StampVerdict.AHEAD
                 else Rejection.STALE_STAMP)
    if newest_ns is None:
        detail = 'Here it is far ahead of the clock.'
    elif stamp_ns > newest_ns:
        detail = f'Here it is {(stamp_ns - newest_ns) * 1e-9:.1f} s ahead of the one before it.'
    else:
        detail = f'Here it is {(newest_ns - stamp_ns) * 1e-9:.3f} s older than one before it.'
    return InputRejection(rejection, f'{rejection.sentence} {detail} {_REMEDY}')
