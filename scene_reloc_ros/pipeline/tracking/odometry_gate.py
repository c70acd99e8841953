# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry gate: accepted poses are tested against odometry before anyone hears of them.

A pose that odometry does not explain is kept back until several agree with one another: then it
is the robot that was carried, or odometry that slipped. A wrong place that is seen again and
again, alike in every frame, cannot be told from that; telling it is the work of acceptance.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
import math

import numpy as np

from scene_reloc_ros.geometry.chi_square import chi_square_quantile
from scene_reloc_ros.geometry.poses import invert_pose, moved_covariance, rotation_vector
from scene_reloc_ros.uncertainty.rejection import Rejection

_SMALLEST_VARIANCE = 1e-12  # m^2 and rad^2: keeps exact input invertible


@dataclass(frozen=True)
class GateOptions:
    """How much disagreement is believed to be noise, and what it takes to be a jump."""

    confidence: float = 0.999  # of the chi-square test: that a right pose passes, probability
    agreeing: int = 3  # poses that have to agree with one another, count
    window: int = 6  # of so many that disagree with the present one, count
    memory_s: float = 30.0  # a disagreement older than that is forgotten, seconds
    drift_m_per_m: float = 0.05  # standard deviation of odometry's position, of the way
    drift_rad_per_rad: float = 0.05  # of its heading, of what was turned
    drift_rad_per_m: float = 0.02  # of its heading, per metre of the way
    drift_m_per_s: float = 0.002  # of its position while time goes by, metres per second
    drift_rad_per_s: float = 0.002  # of its heading while time goes by, rad per second
    tracked: bool = True  # by odometry; else poses are held against one another alone

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not 0.5 <= self.confidence < 1:
            raise ValueError(f'gate confidence is {self.confidence}; expected at least 0.5 and '
                             'less than 1')
        if not 1 <= self.agreeing <= self.window:
            raise ValueError(f'gate wants {self.agreeing} of {self.window} poses to agree; '
                             'expected at least 1 and no more than the window')

    def drift(self, way_m: float, turned_rad: float, seconds: float) -> np.ndarray:
        """Return the standard deviations (6,) of odometry over a way: metres, then rad.

        Errors of scale and heading last, so that deviations add up with the way, not variances;
        an error of heading moves the end of a way by half of its length on average.
        """
        rotation = (self.drift_rad_per_rad * turned_rad + self.drift_rad_per_m * way_m
                    + self.drift_rad_per_s * seconds)
        position = (self.drift_m_per_m * way_m + self.drift_m_per_s * seconds
                    + rotation * way_m / 2)
        return np.array([position] * 3 + [rotation] * 3)

    def without_odometry(self) -> GateOptions:
        """Return these options for a camera that nothing tracks: it may walk and turn freely."""
        return replace(self, drift_m_per_s=1.0, drift_rad_per_s=1.0, tracked=False)


@dataclass(frozen=True)
class PoseMeasurement:
    """One accepted pose and what odometry said at its stamp."""

    stamp_ns: int
    map_from_base: np.ndarray  # (4, 4) metres
    covariance: np.ndarray  # (6, 6) of x, y, z (m) and rotations about the map's axes (rad)
    odom_from_base: np.ndarray  # (4, 4) metres; the identity where there is no odometry


@dataclass(frozen=True)
class GateDecision:
    """What the gate makes of a measurement."""

    rejection: Rejection | None  # None where it is admitted
    sentence: str
    jump: bool = False  # it is admitted although it disagrees with what was believed
    chi_square: float | None = None  # of six dimensions, against the present fix

    @property
    def admitted(self) -> bool:
        """Tell whether the pose may be published."""
        return self.rejection is None


@dataclass(frozen=True)
class _Placed:
    """A measurement and how far odometry had come by then."""

    measurement: PoseMeasurement
    way_m: float
    turned_rad: float


class OdometryGate:
    """Admits poses that agree with odometry, or with enough others."""

    def __init__(self, options: GateOptions = GateOptions()):
        """Start without a fix."""
        self.options = options
        self._bound = chi_square_quantile(options.confidence)
        self._known_by = 'odometry' if options.tracked else 'the pose before'
        self._unexplained = (Rejection.DISAGREES_WITH_ODOMETRY if options.tracked
                             else Rejection.UNCONFIRMED)
        self.reset()

    def reset(self) -> None:
        """Forget everything: after loss, another map, or a clock that jumped back."""
        self._present: _Placed | None = None
        self._newest: _Placed | None = None
        self._waiting: deque[_Placed] = deque(maxlen=self.options.window)

    def test(self, measurement: PoseMeasurement) -> GateDecision:
        """Return the GateDecision on a PoseMeasurement, and remember it.

        The newest admitted pose is what others are held against. Poses are not averaged: errors
        of neighbouring frames are alike, and a filter that takes them as independent would end
        up sure of a wrong place.
        """
        problem = _unusable(measurement, self._newest)
        if problem:
            return GateDecision(self._unexplained, problem)
        placed = self._newest = self._place(measurement)
        chi_square = None
        if self._present is not None:
            chi_square, text = self._disagreement(self._present, placed)
            if chi_square <= self._bound:
                self._believe(placed)
                return GateDecision(None, f'agrees with {self._known_by}: {text}', False,
                                    chi_square)
        return self._wait_for_others(placed, chi_square)

    def _wait_for_others(self, placed: _Placed, chi_square: float | None) -> GateDecision:
        """Return the GateDecision on a pose that the present fix does not explain."""
        oldest_ns = placed.measurement.stamp_ns - self.options.memory_s * 1e9
        while self._waiting and self._waiting[0].measurement.stamp_ns < oldest_ns:
            self._waiting.popleft()
        agreeing = 1 + sum(self._disagreement(other, placed)[0] <= self._bound
                           for other in self._waiting)
        self._waiting.append(placed)
        wanted = f'{agreeing} of {self.options.agreeing} poses agree with one another'
        if agreeing >= self.options.agreeing:
            jump = self._present is not None
            self._believe(placed)
            return GateDecision(None, f'{"a jump" if jump else "localised"}: {wanted}', jump,
                           chi_square)
        if self._present is None:
            return GateDecision(Rejection.UNCONFIRMED, wanted)
        _, text = self._disagreement(self._present, placed)
        return GateDecision(self._unexplained, f'{text}; {wanted}', False, chi_square)

    def _believe(self, placed: _Placed) -> None:
        """Take a pose as the present one; what spoke against the old one is done with."""
        self._present = placed
        self._waiting.clear()

    def _place(self, measurement: PoseMeasurement) -> _Placed:
        if self._newest is None:
            return _Placed(measurement, 0.0, 0.0)
        before = self._newest.measurement.odom_from_base
        step = invert_pose(before) @ measurement.odom_from_base
        return _Placed(measurement, self._newest.way_m + float(np.linalg.norm(step[:3, 3])),
                       self._newest.turned_rad
                       + float(np.linalg.norm(rotation_vector(step[:3, :3]))))

    def _disagreement(self, earlier: _Placed, later: _Placed) -> tuple[float, str]:
        """Return chi-square of two poses with odometry between them, and its sentence."""
        a, b = earlier.measurement, later.measurement
        predicted = a.map_from_base @ invert_pose(a.odom_from_base) @ b.odom_from_base
        error = np.r_[b.map_from_base[:3, 3] - predicted[:3, 3],
                      rotation_vector(b.map_from_base[:3, :3] @ predicted[:3, :3].T)]
        lever = predicted[:3, 3] - a.map_from_base[:3, 3]
        covariance = (b.covariance + moved_covariance(a.covariance, lever)
                      + self._drift(earlier, later) + _SMALLEST_VARIANCE * np.eye(6))
        chi_square = float(error @ np.linalg.solve(covariance, error))
        return chi_square, (f'{100 * np.linalg.norm(error[:3]):.0f} cm and '
                            f'{math.degrees(np.linalg.norm(error[3:])):.1f} degrees from where '
                            f'{self._known_by} has it (chi-square {chi_square:.1f}, bound '
                            f'{self._bound:.1f})')

    def _drift(self, earlier: _Placed, later: _Placed) -> np.ndarray:
        """Return the covariance (6, 6) that odometry has gathered between two poses."""
        seconds = (later.measurement.stamp_ns - earlier.measurement.stamp_ns) * 1e-9
        return np.diag(self.options.drift(later.way_m - earlier.way_m,
                                          later.turned_rad - earlier.turned_rad, seconds) ** 2)


def _unusable(measurement: PoseMeasurement, newest: _Placed | None) -> str:
    """Return why a measurement cannot be judged, or '' where it can."""
    parts = (measurement.map_from_base, measurement.covariance, measurement.odom_from_base)
    if not all(np.isfinite(part).all() for part in parts):
        return 'the pose, its covariance or where it is seen from is not finite'
    if np.linalg.eigvalsh(measurement.covariance).min() < -_SMALLEST_VARIANCE:
        return 'the covariance of the pose is not positive'
    if newest is not None and measurement.stamp_ns < newest.measurement.stamp_ns:
        return 'the image is older than the one before it'
    return ''
