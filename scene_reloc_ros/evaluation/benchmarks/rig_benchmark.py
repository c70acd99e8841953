# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The solver's rigs beside PoseLib's generalised absolute pose on the same synthetic problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import importlib.util
import math
import time
from typing import Any, Optional

import numpy as np
import torch

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import (
    figures_of,
    FOCAL_PX,
    HEIGHT,
    synthetic_problem,
    WIDTH,
)
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.mapping.progress import Report
from scene_reloc_ros.solver.problem import PoseProblem, RigProblem, SolverOptions, SolverResult
from scene_reloc_ros.solver.reference import solve_pose

OURS, PEER = 'ours, rig', 'PoseLib generalised'
MISSING = 'PoseLib is not installed (pip install poselib): its generalised pose is left out'
_RADIUS_M = 0.2  # of the ring that cameras are mounted on, metres


@dataclass(frozen=True)
class SyntheticRig:
    """Correspondences of C cameras with a known pose of their rig, room scale."""

    cam_from_rig: torch.Tensor  # (C, 4, 4) float64
    pixels: list[np.ndarray]  # C of (N, 2) float64, from the principal point
    points: list[np.ndarray]  # C of (N, 3) float64, metres, map frame
    depths: list[np.ndarray]  # C of (N,) float64, metres, 0 where the sensor has none
    rig_from_map: torch.Tensor  # (4, 4) float64

    def posed(self, depth: bool = False, dtype: torch.dtype = torch.float32) -> RigProblem:
        """Return the RigProblem of it, with its depths if asked for."""
        views = []
        for pixels, points, depths in zip(self.pixels, self.points, self.depths):
            rays = np.c_[pixels / FOCAL_PX, np.ones(len(pixels))]
            views.append(PoseProblem(
                torch.from_numpy(rays).to(dtype), torch.from_numpy(points).to(dtype), FOCAL_PX,
                torch.from_numpy(depths).to(dtype) if depth else None))
        return RigProblem(self.cam_from_rig, tuple(views))


# Finds rig_from_map (4, 4), or None.
RigSolver = Callable[[SyntheticRig], Optional[torch.Tensor]]


def ring_of_cameras(cameras: int) -> torch.Tensor:
    """Return cam_from_rig (C, 4, 4) of cameras on a ring that look outwards, the first ahead."""
    turns = torch.arange(cameras).double() * (2 * math.pi / cameras)
    zero = torch.zeros_like(turns)
    turned = se3_exp(torch.stack((zero, zero, zero, zero, turns, zero), -1))
    moved = torch.eye(4, dtype=torch.float64).repeat(cameras, 1, 1)
    moved[:, 2, 3] = -_RADIUS_M
    return moved @ turned


def synthetic_rig(seed: int, cam_from_rig: torch.Tensor, cells: int = 1200,
                  inlier_ratio: float = 0.3, noise_px: float = 1.0) -> SyntheticRig:
    """Return one problem: each camera sees a ``synthetic_problem`` of its own, about one rig.

    Args:
        seed: of everything.
        cam_from_rig: (C, 4, 4) mounts.
        cells: of each camera, count.
        inlier_ratio: share of the cells that see the right point.
        noise_px: standard deviation of their pixels.
    """
    parts = [synthetic_problem(1000 * seed + number, cells, inlier_ratio, noise_px)
             for number in range(len(cam_from_rig))]
    map_from_rig = parts[0].map_from_cam @ cam_from_rig[0]
    points = [transform_points(map_from_rig @ invert_pose(mount) @ invert_pose(part.map_from_cam),
                               torch.from_numpy(part.points)).numpy()
              for mount, part in zip(cam_from_rig, parts)]
    return SyntheticRig(cam_from_rig, [part.pixels for part in parts], points,
                        [part.depths for part in parts], invert_pose(map_from_rig))


def _ours(problem: SyntheticRig) -> torch.Tensor | None:
    result = solve_pose(problem.posed(), torch.Generator().manual_seed(0), SolverOptions())
    return result.cam_from_map if isinstance(result, SolverResult) else None


def _poselib(problem: SyntheticRig) -> torch.Tensor | None:
    import poselib
    camera = {'model': 'SIMPLE_PINHOLE', 'width': WIDTH, 'height': HEIGHT,
              'params': [FOCAL_PX, 0.0, 0.0]}
    mounts = []
    for cam_from_rig in problem.cam_from_rig.numpy():
        mount = poselib.CameraPose()
        mount.R, mount.t = cam_from_rig[:3, :3], cam_from_rig[:3, 3]
        mounts.append(mount)
    pose, _ = poselib.estimate_generalized_absolute_pose(
        problem.pixels, problem.points, mounts, [camera] * len(mounts),
        {'max_reproj_error': SolverOptions().threshold_px}, {})
    rig_from_map = torch.eye(4, dtype=torch.float64)
    rig_from_map[:3] = torch.from_numpy(np.asarray(pose.Rt))
    return rig_from_map


def benchmark_rig(problems: int = 50, cameras: int = 4, cells: int = 1200,
                  inlier_ratio: float = 0.3, noise_px: float = 1.0,
                  on_progress: Report | None = None) -> dict[str, Any]:
    """Return errors, success and times of rigs, ours (the reference, CPU) and PoseLib's.

    The solvers take turns on every problem, after one warm-up each. Ratios are ours over the
    peer's, by medians; ``skipped`` says why there is no peer, None where there is one.
    """
    solvers: dict[str, RigSolver] = {OURS: _ours}
    skipped = MISSING if importlib.util.find_spec('poselib') is None else None
    if skipped is None:
        solvers[PEER] = _poselib
    records: dict[str, list[tuple[float, ...]]] = {name: [] for name in solvers}
    mounts = ring_of_cameras(cameras)
    for seed in range(-1, problems):  # the first is the warm-up
        problem = synthetic_rig(seed + 1, mounts, cells, inlier_ratio, noise_px)
        for name, solve in solvers.items():
            started = time.perf_counter()
            found = solve(problem)
            elapsed_ms = 1e3 * (time.perf_counter() - started)
            if seed >= 0:
                records[name].append((*_errors(found, problem.rig_from_map), elapsed_ms))
        if on_progress and seed >= 0:
            on_progress('solving', (seed + 1) / problems, '')
    figures = {name: figures_of(np.array(rows)) for name, rows in records.items()}
    for row in figures.values():
        for ratio, key in (('error_ratio', 'median_translation_m'), ('time_ratio', 'median_ms')):
            row[ratio] = figures[OURS][key] / row[key]
    return {'problems': problems, 'cameras': cameras, 'cells': cells, 'noise_px': noise_px,
            'inlier_ratio': inlier_ratio, 'threads': torch.get_num_threads(),
            'skipped': skipped, 'solvers': figures}


def _errors(found: torch.Tensor | None, rig_from_map: torch.Tensor) -> tuple[float, float]:
    if found is None:
        return np.inf, np.inf
    metres, degrees = pose_errors(invert_pose(found), invert_pose(rig_from_map))
    return float(metres), float(degrees)
