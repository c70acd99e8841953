# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parts of the mapped space that some other part looks like: points there prove no place."""

import torch

VOXEL_M = 0.3  # edge of a voxel of space, metres
_HALF_RANGE = 1 << 20  # voxels along an axis on either side of the origin


def voxels_of(points):
    """Return the voxels (K,) int64 in which points (N, 3) lie, each once."""
    return _numbers(points).unique()


def in_voxels(points, voxels):
    """Return which points (N, 3) lie in one of the voxels (K,): a mask (N,)."""
    if not len(voxels):
        return torch.zeros(len(points), dtype=torch.bool)
    return torch.isin(_numbers(points), voxels)


def _numbers(points):
    """Return one number for the voxel of each point; all points outside of range share the rim."""
    index = torch.nan_to_num(points.double() / VOXEL_M).floor().clamp(
        -_HALF_RANGE, _HALF_RANGE - 1).long() + _HALF_RANGE
    return (index[:, 0] * 2 * _HALF_RANGE + index[:, 1]) * 2 * _HALF_RANGE + index[:, 2]
