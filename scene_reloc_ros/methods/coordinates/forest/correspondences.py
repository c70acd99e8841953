# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What RANSAC gets of a forest: for every pixel a point of each tree, and how much it counts."""

from __future__ import annotations

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests
from scene_reloc_ros.methods.coordinates.forest.trees import Forest

_SPREAD_M = 0.1  # a leaf that spreads so far counts half of one that does not, metres


def correspondences(forest: Forest, tests: PixelTests, image: np.ndarray,
                    depth_m: np.ndarray | None, camera: Camera,
                    pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points that all trees give to pixels, K = N * trees or fewer.

    The leaves' means stay apart, not averaged: where one tree is right the others rarely are.

    Args:
        forest: Forest.
        tests: the PixelTests that it was grown with.
        image: (H, W, 3) uint8 BGR, or (H, W) grey.
        depth_m: (h, w) metres along z, 0 where unknown, or None.
        camera: Camera of the image.
        pixels: (N, 2) int u and v.

    Returns:
        the rows (K,) int64 of pixels, points (K, 3) float32 in metres of the map frame, and
        weights (K,) float32 in (0, 1]. Tests that scale with depth leave out pixels whose depth
        cannot be trusted; ValueError if they get no depth at all.
    """
    kept, depths = np.arange(len(pixels)), np.zeros(len(pixels), np.float32)
    if tests.depth_scaled:
        if depth_m is None:
            raise ValueError('this map was made with depth, and localises images with depth only')
        depth_m = registered_depth(depth_m, camera)
        depths = trusted_depths(depth_m, pixels, depth_m.shape[1] / camera.width)
        kept = np.flatnonzero(depths > 0)
    seen = tests.seen_with(camera.focal).responses(image, depth_m, pixels[kept], depths[kept])
    leaves = forest.leaves_of(seen).reshape(-1)
    weights = 1 / (1 + (forest.spreads[leaves] / _SPREAD_M) ** 2)
    return np.repeat(kept, len(forest.roots)), forest.means[leaves], weights.astype(np.float32)
