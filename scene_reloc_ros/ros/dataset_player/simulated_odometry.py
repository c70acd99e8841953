# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry of a played robot: true motion with seeded drift, in a frame of its own."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Optional

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose, pose_from_translation_quaternion, se3_exp


def pose_of_rpy(position: Sequence[float], rpy: Sequence[float]) -> np.ndarray:
    """Return the (4, 4) pose of a position in metres and roll, pitch, yaw in radians."""
    pose = np.eye(4)
    for axis, angle in ((2, rpy[2]), (1, rpy[1]), (0, rpy[0])):
        vector = np.zeros(4)
        vector[axis], vector[3] = math.sin(angle / 2), math.cos(angle / 2)
        pose = pose @ pose_from_translation_quaternion(np.zeros(3), vector)
    pose[:3, 3] = position
    return pose


class SimulatedOdometry:
    """Integrates the true motion between frames, each step a little wrong.

    The drift is a random walk: its standard deviation grows with the root of the way.
    """

    def __init__(self, start: np.ndarray, drift_translation_m: float, drift_rotation_rad: float,
                 seed: int) -> None:
        """Start at rest.

        Args:
            start: (4, 4) odom_from_base of the first frame.
            drift_translation_m: standard deviation of each axis after one metre.
            drift_rotation_rad: standard deviation about each axis after one metre.
            seed: of the drift.
        """
        self._odom_from_base = np.asarray(start, np.float64)
        self._deviation = np.repeat((drift_translation_m, drift_rotation_rad), 3)
        self._random = np.random.default_rng(seed)
        self._map_from_base: Optional[np.ndarray] = None

    def odom_from_base(self, map_from_base: np.ndarray) -> np.ndarray:
        """Return what odometry says when the robot truly is at ``map_from_base``."""
        if self._map_from_base is not None:
            step = invert_pose(self._map_from_base) @ map_from_base
            way_m = np.linalg.norm(step[:3, 3])
            noise = self._random.standard_normal(6) * self._deviation * math.sqrt(way_m)
            self._odom_from_base = (
                self._odom_from_base @ step @ se3_exp(torch.as_tensor(noise)).numpy())
        self._map_from_base = np.asarray(map_from_base, np.float64)
        return self._odom_from_base
