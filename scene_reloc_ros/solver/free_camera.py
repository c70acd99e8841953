# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What one solved query tells of its camera: a refinement that frees the intrinsics as well.

A camera whose calibration is wrong bends the residuals of its cells in a pattern that no pose
explains. Of points at one distance, or in one plane seen from its front, a pose explains it after
all: the information says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import cv2
import numpy as np
import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions, SolverResult

# What is freed, on the plane z = 1: what ought to be seen at p is seen at
# (1 + scale) (1 + radial |p|^2) p + (shift_x, shift_y).
FREED = ('scale', 'shift_x', 'shift_y', 'radial')
# How far calibrations are off where they are wrong, unitless: it holds what nothing tells.
EXPECTED = np.array((0.1, 0.04, 0.04, 0.12))
_MOST_CELLS = 600  # that take part, count: more tell little more and take time
_ASKED = 3  # times as many that are asked whether they can take part
_LEAST_CELLS = 24  # with fewer there are hardly more residuals than unknowns
_WIDEST = 1.7  # |p| of a cell that takes part: one radial term describes no wider lens
_NEAR = 2.5  # thresholds within which a cell may take part: a wrong camera pushes them outwards
_NEAREST_M = 0.1  # depth of a point that takes part, metres
_STEPS = 6
_CONVERGED = 5e-3  # of the values, unitless: less is noise
_INVERSIONS = 8  # of the radial term, by a fixed point


@dataclass(frozen=True)
class CameraEvidence:
    """What a query says of FREED, its pose left open: normal equations."""

    information: np.ndarray  # (4, 4), as if every cell were independent
    vector: np.ndarray  # (4,), the information times the most likely values
    twist_by_values: np.ndarray  # (6, 4), how the pose follows: d of exp(d) cam_from_map

    @property
    def values(self) -> np.ndarray:
        """The values (4,) of FREED; what nothing tells stays at zero."""
        return np.linalg.solve(self.information + np.diag(EXPECTED ** -2.0), self.vector)

    def beside(self, values: np.ndarray) -> CameraEvidence:
        """Return the evidence of values that were taken out before (``corrected``)."""
        return replace(self, vector=self.vector + self.information @ values)


def corrected(problem: PoseProblem, values: np.ndarray) -> PoseProblem:
    """Return a problem with the rays that a camera has which is off by values (4,) of FREED."""
    scale, shift, radial = float(values[0]), torch.from_numpy(values[1:3]), float(values[3])
    seen = (problem.rays[:, :2].double() - shift.to(problem.rays.device)) / (1 + scale)
    flat = seen
    for _ in range(_INVERSIONS):
        flat = seen / (1 + radial * (flat ** 2).sum(-1, keepdim=True))
    rays = torch.cat((flat.to(problem.rays.dtype), problem.rays[:, 2:]), 1)
    return replace(problem, rays=rays)


def free_camera(problem: PoseProblem, result: SolverResult,
                options: SolverOptions) -> CameraEvidence | None:
    """Return the CameraEvidence of a solved query, None where its cells are too few.

    Gauss-Newton from the pose found, Student's t as in the solver; the pose leaves by the Schur
    complement. Depths do not take part: how they disagree with a map is another question.

    Args:
        problem: of the query.
        result: its pose.
        options: of the solver.
    """
    pose, values = _numbers(result.cam_from_map), np.zeros(len(FREED))
    cells = _Cells.near(problem, pose, options)
    prior = np.r_[np.zeros(6), EXPECTED ** -2.0]
    deviation = cells.threshold / 3
    for _ in range(_STEPS):
        residuals, slopes = linearised(pose, values, cells.points, cells.rays)
        robust, deviation = cells.weighed(residuals, deviation)
        if np.count_nonzero(robust) < _LEAST_CELLS:
            return None
        weighted = slopes * np.repeat(robust / deviation ** 2, 2)[:, None]
        hessian, gradient = weighted.T @ slopes, weighted.T @ residuals.reshape(-1)
        damped = hessian + np.diag(prior + 1e-9 * np.diag(hessian))
        step = np.linalg.solve(damped, -gradient - prior * np.r_[np.zeros(6), values])
        if not np.isfinite(step).all():
            return None
        evidence = _reduced(hessian, gradient, values)
        pose, values = _moved(pose, step[:6]), values + step[6:]
        if np.abs(step[6:]).max() < _CONVERGED:
            break
    return evidence


def _moved(pose: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return a pose (4, 4) after a step (6,): exp of its twist to first order, and a pose."""
    change = np.eye(4)
    change[:3, :3], change[:3, 3] = cv2.Rodrigues(step[3:])[0], step[:3]
    moved: np.ndarray = change @ pose
    return moved


def linearised(cam_from_map: np.ndarray, values: np.ndarray, points: np.ndarray,
               rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the residuals (N, 2) on the plane z = 1 and their derivatives (2 N, 10).

    The derivatives are by the twist d of exp(d) cam_from_map and by the values.

    Args:
        cam_from_map: (4, 4).
        values: (4,) of FREED.
        points: (N, 3) metres, map frame.
        rays: (N, 2) where z = 1, as the stated camera has them.
    """
    x, y, z = (points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]).T
    z = np.maximum(z, _NEAREST_M)
    a, b = x / z, y / z
    flat, square = np.stack((a, b), 1), a * a + b * b
    scale, radial = 1 + values[0], 1 + values[3] * square
    zero, one = np.zeros_like(a), np.ones_like(a)
    by_twist = np.stack((1 / z, zero, -a / z, -a * b, 1 + a * a, -b,
                         zero, 1 / z, -b / z, -1 - b * b, a * b, a), 1).reshape(-1, 2, 6)
    by_flat = scale * (radial[:, None, None] * np.eye(2)
                       + 2 * values[3] * flat[:, :, None] * flat[:, None])
    by_values = np.stack((radial * a, one, zero, scale * square * a,
                          radial * b, zero, one, scale * square * b), 1).reshape(-1, 2, 4)
    residuals = (scale * radial)[:, None] * flat + values[1:3] - rays
    return residuals, np.concatenate((by_flat @ by_twist, by_values), 2).reshape(-1, 10)


@dataclass(frozen=True)
class _Cells:
    """The cells that take part."""

    points: np.ndarray  # (N, 3)
    rays: np.ndarray  # (N, 2)
    weights: np.ndarray  # (N,)
    threshold: float  # of an inlier, on the plane z = 1
    focal_px: float
    freedom: float  # of Student's t

    @classmethod
    def near(cls, problem: PoseProblem, cam_from_map: np.ndarray,
             options: SolverOptions) -> _Cells:
        """Return those that may agree with a pose (4, 4), evenly thinned where they are many."""
        few = slice(None, None, max(1, len(problem.rays) // (_ASKED * _MOST_CELLS)))
        points, rays = _numbers(problem.points[few]), _numbers(problem.rays[few])[:, :2]
        weights = (np.ones(len(rays)) if problem.weights is None
                   else _numbers(problem.weights[few]))
        threshold = options.threshold_px / problem.focal_px
        with np.errstate(invalid='ignore', over='ignore'):
            seen = points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
            off = np.linalg.norm(seen[:, :2] / np.maximum(seen[:, 2:], _NEAREST_M) - rays, axis=1)
            kept = np.flatnonzero((off < _NEAR * threshold) & (seen[:, 2] > _NEAREST_M)
                                  & (weights > 0) & (np.linalg.norm(rays, axis=1) < _WIDEST))
        kept = kept[::max(1, -(-len(kept) // _MOST_CELLS))]
        return cls(points[kept], rays[kept], weights[kept], threshold, problem.focal_px,
                   options.kernel ** 2)

    def weighed(self, residuals: np.ndarray, deviation: float) -> tuple[np.ndarray, float]:
        """Return robust weights (N,), 0 of outliers, and the deviation that they ask for."""
        squared = (residuals ** 2).sum(1)
        inside = self.weights * (squared < self.threshold ** 2)
        robust = inside * (self.freedom + 2) / (self.freedom + squared / deviation ** 2)
        mean = (robust * squared).sum() / max(1e-12, 2 * inside.sum())
        return robust, max(1e-3 / self.focal_px, math.sqrt(mean))


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    values: np.ndarray = tensor.detach().cpu().double().numpy()
    return values


def _reduced(hessian: np.ndarray, gradient: np.ndarray, values: np.ndarray) -> CameraEvidence:
    """Return normal equations of pose and camera, at some values, without the pose."""
    pose, cross, camera = hessian[:6, :6], hessian[:6, 6:], hessian[6:, 6:]
    solved = np.linalg.solve(pose + 1e-9 * np.diag(np.diag(pose)),
                             np.c_[cross, gradient[:6]])
    information = camera - cross.T @ solved[:, :4]
    information = (information + information.T) / 2
    vector = information @ values - gradient[6:] + cross.T @ solved[:, 4]
    return CameraEvidence(information, vector, -solved[:, :4])
