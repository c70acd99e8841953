# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Hint where the robot may be: compared with the answer, never part of it."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from scene_reloc_ros.geometry.pose_error import pose_errors

_LEAST = np.array([0.25, 0.25, 0.07])  # of x, y (m^2) and yaw (rad^2): as RViz states its own
_BOUND = 16.27  # of chi-square with three degrees of freedom, 99.9 %
_PLANE = [0, 1, 5]  # x, y, yaw: what a person says with an arrow on a map


@dataclass(frozen=True)
class HintComparison:
    """How far an answer lies from a hint."""

    distance_m: float
    angle_deg: float
    agrees: bool  # on the floor, by the covariance of the hint


@dataclass(frozen=True)
class PoseHint:
    """Where the robot was said to be."""

    stamp_ns: int
    map_from_base: np.ndarray  # (4, 4) metres
    covariance: np.ndarray  # (6, 6) of x, y, z (m) and rotations about the map's axes (rad)

    def __post_init__(self) -> None:
        """Refuse a covariance that is none."""
        variances = np.diag(self.covariance)
        if not np.isfinite(self.covariance).all() or variances.min() < 0:
            raise ValueError('its covariance contains NaN or Inf, or a negative variance')

    def compare(self, map_from_base: np.ndarray) -> HintComparison:
        """Return the HintComparison with a pose that was found, (4, 4) in metres."""
        moved_m, turned_deg = (float(part) for part in pose_errors(
            map_from_base[None], self.map_from_base[None]))
        offset = map_from_base[:2, 3] - self.map_from_base[:2, 3]
        turned = (_yaw(map_from_base) - _yaw(self.map_from_base) + math.pi) % math.tau - math.pi
        variances = np.maximum(np.diag(self.covariance)[_PLANE], _LEAST)
        chi_square = float((np.r_[offset, turned] ** 2 / variances).sum())
        return HintComparison(moved_m, turned_deg, chi_square <= _BOUND)


def _yaw(pose: np.ndarray) -> float:
    return math.atan2(pose[1, 0], pose[0, 0])
