# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Progress, cancelling and deadline of a mapping run, one bundle for all of its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
import math
import time

_AHEAD = 0.05  # of the pieces of work, by which a clock may be behind at their begin

Report = Callable[[str, float, str], object]  # (stage, fraction in [0, 1], text)


class MappingCancelled(Exception):
    """Somebody asked to stop; nothing was written."""


class TooLittleTime(ValueError):
    """The bound on the time leaves less than any map needs; its text says what was done."""

    def __init__(self, done: str, missing_s: float):
        """Take what was done, and how many seconds more are needed at least, as measured."""
        super().__init__(done)
        self.missing_s = missing_s


class Deadline:
    """A bound on the time of some work."""

    def __init__(self, seconds: float = math.inf, began_s: float | None = None):
        """Begin to count, now or at a time of ``time.monotonic``."""
        self._began_s = time.monotonic() if began_s is None else began_s
        self.seconds = seconds

    @property
    def elapsed_s(self) -> float:
        """Return the time since it began, seconds."""
        return time.monotonic() - self._began_s

    @property
    def left_s(self) -> float:
        """Return what is left, seconds; 0 when it has passed."""
        return max(0.0, self.seconds - self.elapsed_s)

    @property
    def spent(self) -> float:
        """Return the share of the time that is over, at most 1."""
        if self.seconds <= 0:
            return 1.0
        return min(1.0, self.elapsed_s / self.seconds)

    @property
    def passed(self) -> bool:
        """Tell whether the time is over."""
        return self.spent >= 1


class Pace:
    """Like pieces of work against a clock: where it falls behind, pieces are left out, evenly."""

    def __init__(self, count: int, deadline: Deadline):
        """Take how many pieces there are, which may take what is left of a time from now on."""
        self._count, self._deadline = max(1, count), Deadline(deadline.left_s)
        self._ahead = max(1.0, _AHEAD * count)
        self.done = 0

    def takes(self, number: int) -> bool:
        """Tell whether there is time for a piece; the first one is always done."""
        share = (number + self._ahead) / self._count
        behind = self._deadline.elapsed_s > self._deadline.seconds * share
        if behind and self.done:
            return False
        self.done += 1
        return True


def fewer_than(whole: int, done: int, what: str) -> str:
    """Return how many pieces of work the clock left time for, '' where that is all of them."""
    return '' if done >= whole else f'{done} of {whole} {what}'


def silent(stage: str, fraction: float, text: str) -> None:
    """Take progress that nobody asked for."""


def never() -> bool:
    """Answer for those who cannot cancel."""
    return False


@dataclass(frozen=True)
class MappingProgress:
    """Who hears of a stage's progress, who may cancel it, and how long it may take."""

    report: Report = silent
    cancelled: Callable[[], bool] = never
    deadline: Deadline = field(default_factory=Deadline)
    reserve_s: float = 0.0  # of it, for what comes after, seconds

    @property
    def left_s(self) -> float:
        """Return what is left for the present stage, seconds."""
        return max(0.0, self.deadline.left_s - self.reserve_s)

    def __call__(self, stage: str, fraction: float, text: str) -> None:
        """Report; MappingCancelled where somebody asked to stop."""
        self.check(stage)
        self.report(stage, fraction, text)

    def check(self, stage: str) -> None:
        """Raise MappingCancelled where somebody asked to stop."""
        if self.cancelled():
            raise MappingCancelled(f'cancelled during the stage {stage}')

    def within(self, seconds: float) -> MappingProgress:
        """Return the same for a stage that begins now and may take so long."""
        return replace(self, deadline=Deadline(seconds), reserve_s=0.0)
