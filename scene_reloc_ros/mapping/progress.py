# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Progress, cancelling and deadline of a mapping run, one bundle for all of its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
import math
import time

Report = Callable[[str, float, str], object]  # (stage, fraction in [0, 1], text)


class MappingCancelled(Exception):
    """Somebody asked to stop; nothing was written."""


class Deadline:
    """A bound on the time of some work, from now on."""

    def __init__(self, seconds: float = math.inf):
        """Begin to count."""
        self._began_s, self.seconds = time.monotonic(), seconds

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
        return replace(self, deadline=Deadline(seconds))
