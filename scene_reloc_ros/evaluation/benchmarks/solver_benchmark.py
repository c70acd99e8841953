# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The solver beside its peers on the same synthetic problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import importlib.util
import time
from typing import Any, Optional

import cv2
import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.mapping.progress import Report
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    SolverFunction,
    SolverOptions,
    SolverResult,
)

FOCAL_PX, WIDTH, HEIGHT = 525.0, 640, 480
OURS, OURS_WITH_DEPTH = 'ours, RGB', 'ours, RGB-D'
_CPU = torch.device('cpu')
_DEPTH_SHARE = 0.72  # of the pixels of a structured-light camera in a kitchen


@dataclass(frozen=True)
class SyntheticProblem:
    """Correspondences with a known pose, room scale."""

    pixels: np.ndarray  # (N, 2) float64, from the principal point
    points: np.ndarray  # (N, 3) float64, metres, map frame
    depths: np.ndarray  # (N,) float64, metres, 0 where the sensor has none
    map_from_cam: torch.Tensor  # (4, 4) float64

    def posed(self, depth: bool = False, device: torch.device | str = 'cpu') -> PoseProblem:
        """Return the PoseProblem of it on a device, with its depths if asked for."""
        rays = np.c_[self.pixels / FOCAL_PX, np.ones(len(self.pixels))]
        rays, points, depths = (torch.from_numpy(values).float().to(device)
                                for values in (rays, self.points, self.depths))
        return PoseProblem(rays, points, FOCAL_PX, depths if depth else None)


# Finds map_from_cam (4, 4), or None.
Solver = Callable[[SyntheticProblem], Optional[torch.Tensor]]


def synthetic_problem(seed: int, cells: int = 4800, inlier_ratio: float = 0.3,
                      noise_px: float = 1.0) -> SyntheticProblem:
    """Return one problem: depths of 1 to 5 m, Gaussian pixel noise, outliers all over the room.

    Depths are known at some of the cells, with the noise that the solver's options expect.
    """
    rng = np.random.default_rng(seed)
    pixels = rng.uniform((-WIDTH / 2, -HEIGHT / 2), (WIDTH / 2, HEIGHT / 2), (cells, 2))
    rays = np.c_[pixels / FOCAL_PX, np.ones(cells)]
    map_from_cam = se3_exp(torch.from_numpy(rng.normal(size=6)))
    depths = rng.uniform(1, 5, cells)
    points = transform_points(map_from_cam, torch.from_numpy(rays * depths[:, None])).numpy()
    outliers = rng.random(cells) >= inlier_ratio
    low, high = points.min(0), points.max(0)
    points[outliers] = rng.uniform(low, high, (int(outliers.sum()), 3))
    pixels = pixels + rng.normal(scale=noise_px, size=pixels.shape)
    sensed = depths + rng.normal(size=cells) * SolverOptions().depth_deviation(depths)
    sensed = np.where(rng.random(cells) < _DEPTH_SHARE, sensed, 0)
    return SyntheticProblem(pixels, points, sensed, map_from_cam)


def _ours(solve: SolverFunction, depth: bool, device: torch.device) -> Solver:
    """Return the function that solves a SyntheticProblem with a backend of ours."""
    def solved(problem: SyntheticProblem) -> torch.Tensor | None:
        result = solve(problem.posed(depth, device), torch.Generator().manual_seed(0),
                       SolverOptions())
        return invert_pose(result.cam_from_map) if isinstance(result, SolverResult) else None
    return solved


def _poselib(problem: SyntheticProblem) -> torch.Tensor | None:
    import poselib
    camera = {'model': 'SIMPLE_PINHOLE', 'width': WIDTH, 'height': HEIGHT,
              'params': [FOCAL_PX, 0.0, 0.0]}
    pose, _ = poselib.estimate_absolute_pose(
        problem.pixels, problem.points, camera,
        {'max_reproj_error': SolverOptions().threshold_px}, {})
    cam_from_map = torch.eye(4, dtype=torch.float64)
    cam_from_map[:3] = torch.from_numpy(np.asarray(pose.Rt))
    return invert_pose(cam_from_map)


def _opencv(problem: SyntheticProblem) -> torch.Tensor | None:
    options = SolverOptions()
    matrix = np.diag((FOCAL_PX, FOCAL_PX, 1.0))
    found, rotation, translation, _ = cv2.solvePnPRansac(
        problem.points, problem.pixels, matrix, None, reprojectionError=options.threshold_px,
        iterationsCount=1000, confidence=options.confidence, flags=cv2.SOLVEPNP_P3P)
    if not found:
        return None
    cam_from_map = torch.eye(4, dtype=torch.float64)
    cam_from_map[:3, :3] = torch.from_numpy(cv2.Rodrigues(rotation)[0])
    cam_from_map[:3, 3] = torch.from_numpy(translation[:, 0])
    return invert_pose(cam_from_map)


def solvers_on(device: torch.device) -> dict[str, Solver]:
    """Return {name: solve function} of ours and of the peers installed; those know no depth.

    Ours is the backend of the torch.device, problems included; RuntimeError where it cannot run.
    """
    solve = select_solver('cuda' if device.type == 'cuda' else 'reference', device)[1]
    known = {OURS: _ours(solve, False, device), OURS_WITH_DEPTH: _ours(solve, True, device),
             'PoseLib LO-RANSAC': _poselib, 'OpenCV P3P': _opencv}
    if importlib.util.find_spec('poselib') is None:
        del known['PoseLib LO-RANSAC']
    return known


def benchmark_solver(problems: int = 200, cells: int = 4800, inlier_ratio: float = 0.3,
                     noise_px: float = 1.0, device: torch.device = _CPU,
                     on_progress: Report | None = None) -> dict[str, Any]:
    """Return errors, success and times of ours and its peers on the same problems.

    The solvers take turns on every problem, after one warm-up each, so that a busy moment of
    the machine hits them alike. Ratios are ours over the peer's, by medians, for both of ours.
    """
    solvers = solvers_on(device)
    records: dict[str, list[tuple[float, ...]]] = {name: [] for name in solvers}
    for seed in range(-1, problems):  # the first is the warm-up
        problem = synthetic_problem(seed + 1, cells, inlier_ratio, noise_px)
        for name, solve in solvers.items():
            started = time.perf_counter()
            found = solve(problem)
            elapsed_ms = 1e3 * (time.perf_counter() - started)
            if seed >= 0:
                records[name].append((*_errors(found, problem.map_from_cam), elapsed_ms))
        if on_progress and seed >= 0:
            on_progress('solving', (seed + 1) / problems, '')
    figures = {name: figures_of(np.array(rows)) for name, rows in records.items()}
    for row in figures.values():
        for key, ours in (('rgb', figures[OURS]), ('rgbd', figures[OURS_WITH_DEPTH])):
            row[f'error_ratio_{key}'] = ours['median_translation_m'] / row['median_translation_m']
            row[f'time_ratio_{key}'] = ours['median_ms'] / row['median_ms']
    return {'problems': problems, 'cells': cells, 'inlier_ratio': inlier_ratio,
            'noise_px': noise_px, 'threads': torch.get_num_threads(), 'device': str(device),
            'solvers': figures}


def _errors(found: torch.Tensor | None, truth: torch.Tensor) -> tuple[float, float]:
    if found is None:
        return np.inf, np.inf
    metres, degrees = pose_errors(found, truth)
    return float(metres), float(degrees)


def figures_of(rows: np.ndarray) -> dict[str, float]:
    """Return the figures of rows (n, 3): metres, degrees and milliseconds of one solver."""
    translation, rotation, elapsed_ms = rows.T
    low, high = np.percentile(elapsed_ms, (10, 90))
    return {'median_translation_m': float(np.median(translation)),
            'median_rotation_deg': float(np.median(rotation)),
            'success_2cm_1deg': float(((translation < 0.02) & (rotation < 1)).mean()),
            'median_ms': float(np.median(elapsed_ms)), 'p10_ms': float(low), 'p90_ms': float(high)}
