# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Two views of one thing, and where a pixel of the first lies in the second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import depth_at

_SAME_DEPTH = 0.03  # largest difference of depth between a point and what is seen there, ratio


@dataclass(frozen=True)
class TwoViews:
    """A rigid scene seen from two places by one camera; without depth one picture, seen twice."""

    image_a: np.ndarray  # (H, W) uint8
    image_b: np.ndarray  # (H, W) uint8
    camera: Camera | None = None
    b_from_a: np.ndarray | None = None  # (4, 4), metres, optical frames
    depth_a: np.ndarray | None = None  # (H, W) metres along z, 0 where unknown
    depth_b: np.ndarray | None = None  # (H, W) metres along z, 0 where unknown

    @classmethod
    def of_picture(cls, image: np.ndarray) -> TwoViews:
        """Return a flat picture seen twice."""
        return cls(image, image)

    def carry(self, pixels_a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where pixels (N, 2) of view a lie in view b, and a mask of those seen there.

        Seen: both depths are known and agree, and neither pixel lies on an edge of depth.
        """
        inside = _inside(pixels_a, self.image_a.shape)
        if (self.depth_a is None or self.depth_b is None or self.camera is None
                or self.b_from_a is None):
            return pixels_a, inside
        depth, smooth = depth_at(self.depth_a, pixels_a)
        points = self.camera.rays(pixels_a) * depth[:, None]
        points = points @ self.b_from_a[:3, :3].T + self.b_from_a[:3, 3]
        front = points[:, 2] > 1e-3
        pixels_b = self.camera.project(np.where(front[:, None], points, (0.0, 0.0, 1.0)))
        pixels_b = np.nan_to_num(pixels_b, nan=-1e6)
        seen, smooth_b = depth_at(self.depth_b, pixels_b)
        same = np.abs(points[:, 2] - seen) < _SAME_DEPTH * seen
        inside &= _inside(pixels_b, self.image_b.shape)
        return pixels_b, inside & front & smooth & smooth_b & same


def _inside(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    within = (pixels >= 0) & (pixels <= (shape[1] - 1, shape[0] - 1))
    return np.logical_and.reduce(within, -1)
