# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Localisation: the outcome of a query, a pose with its covariance or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scene_reloc_ros.pipeline.camera_check import CameraFinding
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.assessment import AssessedPose
from scene_reloc_ros.uncertainty.rejection import Rejection


@dataclass(frozen=True)
class Localisation:
    """One answered query: ``map_from_cam`` is set if and only if ``rejection`` is not."""

    map_from_cam: np.ndarray | None  # (4, 4) float64, metres, optical camera frame
    covariance: np.ndarray | None  # (6, 6) of x, y, z (m) and fixed-axis rotations (rad), map
    rejection: Rejection | None
    detail: str  # one sentence with figures
    inliers: int  # cells that agree with the pose
    cells: int  # cells asked
    inlier_pixels: np.ndarray  # (K, 2) float32, pixels of the image that came in
    inlier_points: np.ndarray  # (K, 3) float64, metres, map frame
    latency_ms: float
    probability: float  # that the pose is within the bounds asked for; 0 without one
    solver: str
    device: str
    shares: dict[str, float] = field(default_factory=dict)  # carried by each method of a hybrid

    @property
    def accepted(self) -> bool:
        """Tell whether there is a pose."""
        return self.rejection is None


@dataclass(frozen=True)
class LocalisationTrace:
    """A query with all that is known of it: for calibration and evaluation, not for robots."""

    localisation: Localisation
    pose: AssessedPose | None = None  # believed or not; None where the solver found none
    result: SolverResult | None = None  # in the coordinates of the map's own
    finding: CameraFinding | None = None  # what it tells of its camera
