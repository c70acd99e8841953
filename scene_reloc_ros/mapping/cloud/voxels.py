# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fewer points of a cloud: those that share a voxel become one."""

from __future__ import annotations

import numpy as np

_FINEST = 1e-4  # edge of the smallest voxels, of the extent of the cloud
_ROW = 2 ** 20  # more voxels than lie side by side
_STEP = 1.25  # from one edge to the next


def voxelised(points: np.ndarray, colours: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points and colours of which there are at most so many: means of the finest voxels.

    Args:
        points: (P, 3) metres; those with NaN or Inf are left out.
        colours: (P, 3) uint8.
        most: points that may be returned, at least one.
    """
    finite = np.isfinite(points).all(1)
    points, colours = points[finite], colours[finite]
    if len(points) <= most:
        return points, colours
    corner, extent = points.min(0), np.ptp(points, axis=0).max()
    edge = max(_FINEST * extent, np.finfo(float).tiny)
    while True:
        x, y, z = np.floor((points - corner) / edge).astype(np.int64).T
        voxels, number = np.unique(x + _ROW * (y + _ROW * z), return_inverse=True)
        if len(voxels) <= most:
            return (_means(points, number, len(voxels)),
                    _means(colours, number, len(voxels)).round().astype(np.uint8))
        edge *= _STEP


def _means(values: np.ndarray, number: np.ndarray, count: int) -> np.ndarray:
    """Return the means (count, 3) of the values (P, 3) with one number (P,)."""
    members = np.bincount(number, minlength=count)[:, None]
    return np.stack([np.bincount(number, column, count) for column in values.T], 1) / members
