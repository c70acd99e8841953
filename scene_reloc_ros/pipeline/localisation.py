# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Localisation: the outcome of a query, a pose with its covariance or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.pipeline.camera_check import CameraFinding
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.assessment import AssessedPose
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection


@dataclass(frozen=True)
class Joined:
    """What an answer was joined of."""

    frames: int  # moments, count
    images: int  # of all cameras at these moments, count
    seconds: float  # from the oldest moment to the newest


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
    map: str = ''  # name of the map that says so, where several are asked
    agreeing: tuple[str, ...] = ()  # names of others that found the same place
    joined: Joined | None = None  # None: of one image alone

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
    query: Query | None = None  # that was asked, where it was one


def localisation_of(query: Query, placement: np.ndarray,
                    answer: tuple[SolverResult | None, AssessedPose | None, Rejection | None],
                    backend: tuple[str, str], latency_ms: float) -> Localisation:
    """Return the Localisation of a query; a pose goes into it only where nothing rejects it.

    Args:
        query: that was solved.
        placement: (4, 4) of the coordinates of its points, see ``SceneMap.placement``.
        answer: the solver's result, the pose as it was assessed, and what rejects it.
        backend: names of the solver and the device.
        latency_ms: since the query began.
    """
    result, pose, rejection = answer
    count = len(query.pixels)
    inliers = torch.zeros(count, dtype=torch.bool) if result is None else result.inliers.cpu()
    believed = pose if rejection is None else None
    shares = _shares(query, inliers)
    return Localisation(
        believed.map_from_cam if believed else None, believed.covariance if believed else None,
        rejection, _detail(result, pose, count, shares), int(inliers.sum()), count,
        ((query.pixels[inliers] + 0.5) * query.enlarged - 0.5).numpy(),
        query.problem.points.cpu()[inliers].double().numpy() @ placement[:3, :3].T
        + placement[:3, 3], latency_ms,
        pose.probability if pose else 0.0, *backend, shares)


def answer_fields(name: str, found: Localisation) -> dict[str, Any]:
    """Return the answer to a frame, by its name, as plain values of a report."""
    return {'frame': name, 'map': found.map or None, 'inliers': found.inliers,
            'cells': found.cells, 'reason': None if found.rejection is None
            else found.rejection.code, 'probability': round(found.probability, 4),
            'answered_ms': round(found.latency_ms, 2)}


def _shares(query: Query, inliers: torch.Tensor) -> dict[str, float]:
    """Return what each method carried of the inliers' weight, nothing where it is one alone."""
    weights = query.problem.weights
    if not query.families or weights is None:
        return {}
    agreeing = torch.where(inliers, weights.cpu(), 0.0)
    parts = agreeing.split([count for _, count in query.families])
    whole = max(1e-9, float(agreeing.sum()))
    return {name: float(part.sum()) / whole for (name, _), part in zip(query.families, parts)}


def _detail(result: SolverResult | None, pose: AssessedPose | None, cells: int,
            shares: dict[str, float]) -> str:
    """Return one sentence with the figures of a query."""
    if result is None or pose is None:
        return f'No pose among {cells} cells.'
    if not cells:
        return f'The pose of a similar view; right with probability {pose.probability:.2f}.'
    detail = (f'{int(result.inliers.sum())} of {cells} cells agree within '
              f'{result.residual_px:.1f} px (one standard deviation)')
    if result.residual_m is not None:
        detail += f', their depths within {100 * result.residual_m:.1f} cm at 1 m'
    if shares:
        detail += f' ({", ".join(f"{name} {share:.0%}" for name, share in shares.items())})'
    return f'{detail}; right with probability {pose.probability:.2f}.'
