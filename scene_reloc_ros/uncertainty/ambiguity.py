# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parts of the mapped space that some other part looks like: points there prove no place."""

import torch

CUBE_M = 0.3  # edge of a cube of space, metres
_HALF_RANGE = 1 << 20  # cubes along an axis on either side of the origin


def cubes_of(points):
    """Return the cubes (K,) int64 in which points (N, 3) lie, each once."""
    return _numbers(points).unique()


def inside(points, cubes):
    """Return which points (N, 3) lie in one of the cubes (K,): a mask (N,)."""
    if not len(cubes):
        return torch.zeros(len(points), dtype=torch.bool)
    return torch.isin(_numbers(points), cubes)


def _numbers(points):
    """Return one number for the cube of each point; all points outside of range share the rim."""
    index = torch.nan_to_num(points.double() / CUBE_M).floor().clamp(
        -_HALF_RANGE, _HALF_RANGE - 1).long() + _HALF_RANGE
    return (index[:, 0] * 2 * _HALF_RANGE + index[:, 1]) * 2 * _HALF_RANGE + index[:, 2]
