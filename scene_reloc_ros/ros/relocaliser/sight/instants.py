# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Instants: which images of several cameras belong together, and when no more are waited for."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Generic, Optional, TypeVar

Item = TypeVar('Item')
_AWAITED_S = 1.0  # a camera that has been silent for longer is not waited for
_LATE_NS = 1_000_000_000  # an image that is older still is no late one: its clock is another


class Instants(Generic[Item]):
    """Gathers images by their stamps; not safe to use from several threads at once.

    An instant is complete when all cameras that are awake have given to it, or when a newer one
    begins: a camera that is silent keeps nobody waiting for longer than a second in all.
    """

    def __init__(self, names: Sequence[str], slop_s: float) -> None:
        """Begin without an image.

        Args:
            names: of the cameras.
            slop_s: largest difference between stamps of one instant, seconds.
        """
        self._names, self._slop_ns = tuple(names), int(slop_s * 1e9)
        self.taken_s = dict.fromkeys(self._names, -math.inf)  # when each gave its newest image
        self._awake_s = dict.fromkeys(self._names, -math.inf)  # when they could have done so
        self.late_s = dict.fromkeys(self._names, 0.0)  # what the newest image came too late by
        self.reset()

    def reset(self) -> None:
        """Forget the images of before, as where time has gone back."""
        self._open: dict[str, Item] = {}
        self._oldest_ns = self._newest_ns = 0  # of the open instant
        self._closed_ns: Optional[int] = None  # newest stamp of the instant before

    def take(self, name: str, stamp_ns: int, now_s: float, item: Item) -> list[dict[str, Item]]:
        """Return the instants that an image completes, oldest first: {name: item} by ``names``.

        Args:
            name: of its camera.
            stamp_ns: of the image; one of an instant that was closed is dropped.
            now_s: when it arrived, seconds of a clock that never jumps.
            item: what is gathered.
        """
        late_ns = self._late_ns(stamp_ns)
        self.late_s[name] = late_ns * 1e-9
        if late_ns <= self._slop_ns:  # the next time it is waited for
            self._awake_s[name] = now_s
        if late_ns:
            return []
        self.taken_s[name] = now_s
        complete = []
        if self._open and not self._fits(name, stamp_ns):
            complete.append(self._close())
        if not self._open:
            self._oldest_ns = self._newest_ns = stamp_ns
        self._oldest_ns = min(self._oldest_ns, stamp_ns)
        self._newest_ns = max(self._newest_ns, stamp_ns)
        self._open[name] = item
        if all(other in self._open or now_s - self._awake_s[other] > _AWAITED_S
               for other in self._names):
            complete.append(self._close())
        return complete

    def _late_ns(self, stamp_ns: int) -> int:
        """Return what an image comes too late by, 0 where it does not."""
        newest_ns = self._newest_ns - self._slop_ns if self._open else self._closed_ns
        late_ns = 0 if newest_ns is None else newest_ns - stamp_ns + (not self._open)
        return late_ns if 0 < late_ns < _LATE_NS else 0

    def _fits(self, name: str, stamp_ns: int) -> bool:
        """Tell whether an image is of the open instant."""
        oldest_ns, newest_ns = min(self._oldest_ns, stamp_ns), max(self._newest_ns, stamp_ns)
        return name not in self._open and newest_ns - oldest_ns <= self._slop_ns

    def _close(self) -> dict[str, Item]:
        """Return the open instant, in the order of the names; none is open any more."""
        complete = {name: self._open[name] for name in self._names if name in self._open}
        self._open, self._closed_ns = {}, self._newest_ns
        return complete
