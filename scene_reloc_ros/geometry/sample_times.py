# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""When the samples of something that is interpolated came, and which of them were no good."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Generic, TypeVar

Reason = TypeVar('Reason')


class SampleTimes(Generic[Reason]):
    """The stamps of the samples of the last ``cache_ns`` nanoseconds."""

    def __init__(self, cache_ns: int) -> None:
        """Start empty."""
        self._cache_ns = cache_ns
        self._good_ns: list[int] = []
        self._bad: dict[int, Reason] = {}  # by stamp

    def insert(self, stamp_ns: int) -> None:
        """Note a sample that is interpolated."""
        insort(self._good_ns, stamp_ns)
        oldest_ns = self._good_ns[-1] - self._cache_ns
        del self._good_ns[:bisect_left(self._good_ns, oldest_ns)]
        self._bad = {at: why for at, why in self._bad.items() if at >= oldest_ns}

    def refuse(self, stamp_ns: int, reason: Reason) -> None:
        """Note a sample that is not: what it stands between is not known around its stamp."""
        self._bad[stamp_ns] = reason
        newest_ns = max(self._bad)
        self._bad = {at: why for at, why in self._bad.items() if at >= newest_ns - self._cache_ns}

    def gap_ns(self, stamp_ns: int) -> int:
        """Return how far apart the samples before and after a stamp are, 0 at a sample itself.

        Also 0 outside of all samples, where nothing is interpolated.
        """
        before, after = self._around(stamp_ns)
        return 0 if before is None or after is None else after - before

    def reason(self, stamp_ns: int) -> Reason | None:
        """Return why a sample is no good that came between those around a stamp, else None."""
        before, after = self._around(stamp_ns)
        return next((self._bad[at] for at in sorted(self._bad) if (before is None or before < at)
                     and (after is None or at < after)), None)

    def _around(self, stamp_ns: int) -> tuple[int | None, int | None]:
        """Return the last sample up to a stamp and the first one from it on, None for none."""
        after = bisect_left(self._good_ns, stamp_ns)
        before = bisect_right(self._good_ns, stamp_ns) - 1
        return (self._good_ns[before] if before >= 0 else None,
                self._good_ns[after] if after < len(self._good_ns) else None)
