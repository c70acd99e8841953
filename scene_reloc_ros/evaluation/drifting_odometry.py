# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Drifting odometry: true motion, off by as much as is stated of it."""

from __future__ import annotations

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose, rotation_vector, se3_exp
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions


class DriftingOdometry:
    """Odometry whose scale and heading are off by one draw each, of what is stated of them.

    Errors of that kind last: they add up with the way, as ``GateOptions.drift`` has it.
    """

    def __init__(self, stated: GateOptions, random: np.random.Generator) -> None:
        """Draw the errors.

        Args:
            stated: standard deviations.
            random: of the draws.
        """
        self._stated = stated
        self._scale, self._heading = random.standard_normal((2, 3))
        self._odom_from_cam = np.eye(4)
        self._before: tuple[int, np.ndarray] | None = None

    def odom_from_cam(self, stamp_ns: int, map_from_cam: np.ndarray) -> np.ndarray:
        """Return what odometry says (4, 4) when the camera truly is at ``map_from_cam``."""
        if self._before is not None:
            before_ns, before = self._before
            step = invert_pose(before) @ map_from_cam
            self._odom_from_cam = self._odom_from_cam @ step @ se3_exp(torch.from_numpy(
                self._error(step, (stamp_ns - before_ns) * 1e-9))).numpy()
        self._before = stamp_ns, map_from_cam
        return self._odom_from_cam

    def _error(self, step: np.ndarray, seconds: float) -> np.ndarray:
        """Return the twist (6,) that a step is off by."""
        way_m = float(np.linalg.norm(step[:3, 3]))
        turned_rad = float(np.linalg.norm(rotation_vector(step[:3, :3])))
        one = self._stated
        return np.r_[self._scale * (one.drift_m_per_m * way_m + one.drift_m_per_s * seconds),
                     self._heading * (one.drift_rad_per_rad * turned_rad
                                      + one.drift_rad_per_m * way_m
                                      + one.drift_rad_per_s * seconds)]
