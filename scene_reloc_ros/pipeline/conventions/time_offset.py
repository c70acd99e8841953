# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Time offset between camera and poses: found by the epipolar error of poses of other times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.datasets.time_shift import PoseTrack
from scene_reloc_ros.pipeline.conventions.epipolar import costs_of, Gain, gain_of
from scene_reloc_ros.pipeline.conventions.minima import lowest
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

_LARGEST_S, _COARSE_S, _FINE_S = 0.3, 0.02, 0.005  # offsets that are tried, and their steps
_LEAST_S = 0.025  # clocks of cameras and trackers differ by as much, seconds
_OF_SPAN = 0.25  # largest offset, of the time that the frames span
_LEAST_PAIRS = 8


@dataclass(frozen=True)
class TimeOffset:
    """The offset at which poses explain pictures best."""

    seconds: float  # to add to the stamps of the images
    costs: np.ndarray  # (P,) with it; NaN where it is not known
    gain: Gain  # against the poses as they are
    against_opposite: Gain  # against the opposite offset, which smooths poses as much

    @property
    def clear(self) -> bool:
        """Tell whether it is an offset, and no mere smoothing of poses that jitter."""
        return (abs(self.seconds) >= _LEAST_S and self.gain.clear
                and self.against_opposite.clear)

    @property
    def sentence(self) -> str:
        """Return what is wrong and what to do."""
        later = 'after' if self.seconds > 0 else 'before'
        return (f'the poses fit the pictures {1000 * abs(self.seconds):.0f} ms {later} their '
                f'stamps: correct the stamps, or set the time offset of the poses to '
                f'{1000 * self.seconds:.0f} ms')


class OffsetCosts:
    """Costs of view pairs with the poses of other times."""

    def __init__(self, track: PoseTrack, stamps_ns: np.ndarray, pairs: ViewPairs) -> None:
        """Take the poses, the stamps (F,) of the frames, and their pairs."""
        self._track, self._stamps_ns, self.pairs = track, stamps_ns, pairs
        self.still = self.at(0.0)  # (P,) without an offset

    def at(self, seconds: float) -> np.ndarray:
        """Return the costs (P,) of an offset; NaN where a frame has no pose there."""
        poses, known = self._track.at(self._stamps_ns + round(seconds * 1e9))
        costs = costs_of(poses, self.pairs)
        return np.where(known[self.pairs.frames].all(1), costs, np.nan)

    def mean_change(self, seconds: float) -> float:
        """Return the mean of the costs against those without offset; NaN for too few pairs."""
        change = self.at(seconds) - self.still
        known = np.isfinite(change)
        return float(change[known].mean()) if known.sum() >= _LEAST_PAIRS else float('nan')


def time_offset(costs: OffsetCosts, span_s: float) -> TimeOffset | None:
    """Return the best offset, None where the frames span too little time.

    Args:
        costs: of offsets.
        span_s: time that the frames of one stretch span, seconds.
    """
    steps = int(min(_LARGEST_S, _OF_SPAN * span_s) / _COARSE_S)
    if steps < 1 or not len(costs.pairs):
        return None
    seconds = lowest(costs.mean_change, _COARSE_S * np.arange(-steps, steps + 1), _FINE_S)
    best = costs.at(seconds)
    if not np.isfinite(best).any():
        return None
    return TimeOffset(seconds, best, gain_of(best, costs.still, costs.pairs),
                      gain_of(best, costs.at(-seconds), costs.pairs))
