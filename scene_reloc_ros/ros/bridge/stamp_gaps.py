# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Images that were taken and did not arrive, counted by the gaps between the stamps."""

from __future__ import annotations

from collections import deque
import statistics
from typing import Optional

_WINDOW = 50  # newest intervals, count
_LEAST = 10  # of them, before anything is counted
_SHORTEST_SHARE = 10  # the tenth of the intervals that are shortest are of one period
_WHOLE = 0.25  # an interval is a whole number of periods to within this
_REGULAR = 0.8  # share of whole intervals of a camera that has a rate
_LONGEST = 40  # periods; a longer gap is a camera that paused, count
_TOLD_SHARE, _TOLD_LOST = 0.1, 3  # of the window: less than both is not worth a word


class StampGaps:
    """Counts lost images of a camera with a steady rate; of one without it counts none."""

    def __init__(self) -> None:
        """Begin without an image."""
        self.lost = 0  # since the beginning
        self.restart()

    def restart(self) -> None:
        """Forget the last stamp and the rate, as where the node slept or time jumped."""
        self._last_ns: Optional[int] = None
        self._intervals: deque[int] = deque(maxlen=_WINDOW)
        self._missing: deque[int] = deque(maxlen=_WINDOW)  # before each of the newest images

    def take(self, stamp_ns: int) -> None:
        """Take the stamp of an image that arrived, nanoseconds; one out of order is ignored."""
        last_ns = self._last_ns
        if last_ns is not None and stamp_ns <= last_ns:
            return
        self._last_ns = stamp_ns
        if last_ns is None:
            return
        self._intervals.append(stamp_ns - last_ns)
        missing = self._missing_in(stamp_ns - last_ns)
        self._missing.append(missing)
        self.lost += missing

    def told(self) -> Optional[tuple[int, int]]:
        """Return (lost, sent) of the newest images where that is worth a word, else None."""
        lost = sum(self._missing)
        sent = lost + len(self._missing)
        return (lost, sent) if lost >= _TOLD_LOST and lost >= _TOLD_SHARE * sent else None

    def _missing_in(self, interval_ns: int) -> int:
        period_ns = self._period_ns()
        if period_ns is None:
            return 0
        steps = round(interval_ns / period_ns)
        return steps - 1 if 2 <= steps <= _LONGEST else 0

    def _period_ns(self) -> Optional[float]:
        """Return the time between two images that the camera takes, None where it varies."""
        intervals = list(self._intervals)
        if len(intervals) < _LEAST:
            return None
        shortest = sorted(intervals)[len(intervals) // _SHORTEST_SHARE]
        period_ns = statistics.median(one / max(round(one / shortest), 1) for one in intervals)
        whole = sum(abs(one / period_ns - round(one / period_ns)) < _WHOLE for one in intervals)
        return period_ns if whole >= _REGULAR * len(intervals) else None
