# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Ambiguous space (perceptual aliasing): voxels that some other part of the map looks like.

Points there prove no place.
"""

from __future__ import annotations

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverResult

VOXEL_M = 0.3  # edge of a voxel of space, metres
_HALF_RANGE = 1 << 20  # voxels along an axis on either side of the origin


def voxels_of(points: torch.Tensor) -> torch.Tensor:
    """Return the voxels (K,) int64 in which points (N, 3) lie, each once."""
    return _numbers(points).unique()


def in_voxels(points: torch.Tensor, voxels: torch.Tensor) -> torch.Tensor:
    """Return which points (N, 3) lie in one of the voxels (K,): a mask (N,)."""
    if not len(voxels):
        return torch.zeros(len(points), dtype=torch.bool)
    return torch.isin(_numbers(points), voxels)


def distinct_share(result: SolverResult, problem: PoseProblem, voxels: torch.Tensor) -> float:
    """Return the share of the inliers that lie outside of ambiguous voxels (K,), 0 without any."""
    points = problem.points[result.inliers].cpu()
    return 1.0 - float(in_voxels(points, voxels).float().mean()) if len(points) else 0.0


def _numbers(points: torch.Tensor) -> torch.Tensor:
    """Return one number for the voxel of each point; all points outside of range share the rim."""
    index = torch.nan_to_num(points.double() / VOXEL_M).floor().clamp(
        -_HALF_RANGE, _HALF_RANGE - 1).long() + _HALF_RANGE
    return (index[:, 0] * 2 * _HALF_RANGE + index[:, 1]) * 2 * _HALF_RANGE + index[:, 2]
