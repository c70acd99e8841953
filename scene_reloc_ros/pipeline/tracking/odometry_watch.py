# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry watch: messages of odometry that say, or show, that it has lost track."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
import math

import numpy as np
import numpy.typing as npt

from scene_reloc_ros.pipeline.tracking.loss import Loss, LossReason
from scene_reloc_ros.uncertainty.pose_plausibility import (
    doubtful_covariance,
    MotionBounds,
    PoseMonitor,
)

_LOST_VARIANCE = 9998.0  # rtabmap_odom and others write 9999 where they are lost, m^2 and rad^2
_MEASURED = (0, 1, 5)  # x, y and yaw: every odometry has them
_INTERVALS = 50  # newest, count
_LEAST_INTERVALS = 5  # of them, that tell what is usual
_UNKNOWN_S = 5.0  # silence that is a gap where that is not known, seconds
_USUAL_SHARE = 0.8  # of them are no longer than what is usual
_USUAL_INTERVALS = 5.0  # silence for so many times that is a gap
_LONGEST_TICK_S = 0.15  # more is time that this process did not get: odometry may have come


@dataclass(frozen=True)
class WatchOptions:
    """What is believed of odometry."""

    bounds: MotionBounds = MotionBounds()  # of its motion
    growth_m: float = 1.0  # of its standard deviation since the last pose, metres; 0: any
    growth_deg: float = 15.0  # the same of its rotation, degrees; 0: any
    gap_s: float = 0.4  # shortest silence that is a gap, seconds; 0: none is


class OdometryWatch:
    """Judges message after message of one odometry."""

    def __init__(self, options: WatchOptions = WatchOptions()) -> None:
        """Begin without a message."""
        self.use(options)
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)  # of a clock that never jumps
        self.reset()

    def use(self, options: WatchOptions) -> None:
        """Take other options."""
        self._options = options

    def reset(self) -> None:
        """Forget everything but how often messages come, as after a clock that was set back."""
        self.declared: Loss | None = None  # what the newest message says of itself
        self._monitor = PoseMonitor(self._options.bounds)
        self._deviations: np.ndarray | None = None  # (6,) m and rad, of the newest message
        self._anchor: np.ndarray | None = None  # the same at the last pose in the map
        self._received_s: float | None = None
        self._ticked_s: float | None = None
        self._silent_s, self._gap_told = 0.0, False

    def anchor(self) -> None:
        """Hear that a pose in the map was found: what was uncertain before does not matter."""
        self._anchor = self._deviations

    def take(self, now_s: float, stamp_ns: int, pose: np.ndarray | None,
             covariance: npt.ArrayLike) -> Loss | None:
        """Return the Loss that a message tells, None where it tells none.

        Args:
            now_s: when it arrived, seconds of a clock that never jumps.
            stamp_ns: of the message.
            pose: (4, 4) odom_from_base in metres, None where the message holds no pose.
            covariance: (36,) or (6, 6) of x, y, z (m) and rotations about x, y, z (rad).
        """
        self._arrived(now_s)
        matrix = np.asarray(covariance, np.float64).reshape(6, 6)
        self.declared = _declared(pose, matrix)
        if self.declared is not None or pose is None:
            self._monitor.reset()
            self._deviations = None
            return self.declared
        return self._grown(np.sqrt(np.maximum(np.diag(matrix), 0))) or self._jumped(stamp_ns, pose)

    def silence(self, now_s: float) -> Loss | None:
        """Return the Loss of an odometry that has stopped, once; call it some times a second.

        The silence is measured by these calls: one that comes late says that this process was
        kept from listening, not that odometry was silent.
        """
        before, self._ticked_s = self._ticked_s, now_s
        if before is None or self._received_s is None or self._gap_told:
            return None
        self._silent_s += min(now_s - max(before, self._received_s), _LONGEST_TICK_S)
        if self._silent_s <= self._allowed_s():
            return None
        self._gap_told = True
        return Loss(LossReason.ODOMETRY_GAP, 'odometry has stopped: no message for '
                    f'{now_s - self._received_s:.2f} s')

    def _allowed_s(self) -> float:
        if not self._options.gap_s:
            return math.inf
        if len(self._intervals) < _LEAST_INTERVALS:
            return max(self._options.gap_s, _UNKNOWN_S)
        usual_s = sorted(self._intervals)[int(_USUAL_SHARE * len(self._intervals))]
        return max(self._options.gap_s, _USUAL_INTERVALS * usual_s)

    def _arrived(self, now_s: float) -> None:
        if self._received_s is not None and not self._gap_told:
            self._intervals.append(now_s - self._received_s)
        self._received_s, self._silent_s, self._gap_told = now_s, 0.0, False

    def _grown(self, deviations: np.ndarray) -> Loss | None:
        """Compare with what was stated at the last pose; a loss is told once."""
        self._deviations = deviations
        if self._anchor is None:
            return None
        growth = np.maximum(deviations - self._anchor, 0)
        options = self._options
        told = doubtful_covariance(np.diag(growth ** 2), options.growth_m, options.growth_deg)
        if not told:
            return None
        self._anchor = deviations
        worst_m, worst_deg = growth[:3].max(), math.degrees(growth[3:].max())
        return Loss(LossReason.ODOMETRY_UNCERTAIN, 'the standard deviation of odometry has grown '
                    f'by {worst_m:.2f} m and {worst_deg:.1f} degrees since the last pose')

    def _jumped(self, stamp_ns: int, pose: np.ndarray) -> Loss | None:
        self._monitor.bounds = self._options.bounds
        decision = self._monitor.test(stamp_ns, pose)
        if not decision.jumped:
            return None
        return Loss(LossReason.ODOMETRY_JUMP, f'odometry has jumped by {decision.step}')


def _declared(pose: np.ndarray | None, covariance: np.ndarray) -> Loss | None:
    """Return what a message says of itself."""
    if pose is None or not np.isfinite(pose).all():
        return Loss(LossReason.ODOMETRY_IMPOSSIBLE, 'odometry sends no pose: NaN, or a quaternion '
                    'without direction')
    doubt = doubtful_covariance(covariance, 0.0, 0.0)
    largest = float(np.diag(covariance)[list(_MEASURED)].max())
    if not doubt and largest >= _LOST_VARIANCE:
        doubt = f'its covariance says that it is lost (variance {largest:.4g})'
    if not doubt:
        return None
    return Loss(LossReason.ODOMETRY_UNCERTAIN, f'odometry is not believed: {doubt}')


class Disagreement:
    """Odometry beside the poses in the map, over time: one that slips again and again is lost."""

    def __init__(self, window: int = 10, most: int = 6) -> None:
        """Begin without a pose.

        Args:
            window: newest poses that are looked at, count.
            most: of them that may disagree with odometry, count.
        """
        self._most = most
        self._disagreed: deque[bool] = deque(maxlen=window)

    def reset(self) -> None:
        """Forget everything."""
        self._disagreed.clear()

    def take(self, disagrees: bool) -> Loss | None:
        """Return the Loss that the next pose makes, None where it makes none."""
        self._disagreed.append(disagrees)
        count, of = sum(self._disagreed), len(self._disagreed)
        if count <= self._most:
            return None
        self.reset()
        return Loss(LossReason.ODOMETRY_DISAGREES,
                    f'odometry disagrees with {count} of the newest {of} poses')
