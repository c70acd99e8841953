# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Two views of one thing, and where a pixel of the first lies in the second."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import depth_at

_SAME_DEPTH = 0.03  # largest difference of depth between a point and what is seen there, ratio


@dataclass(frozen=True)
class TwoViews:
    """A rigid scene seen from two places by one camera; without depth one picture, seen twice."""

    image_a: np.ndarray  # (H, W) uint8
    image_b: np.ndarray  # (H, W) uint8
    camera: Optional[Camera] = None
    b_from_a: Optional[np.ndarray] = None  # (4, 4), metres, optical frames
    depth_a: Optional[np.ndarray] = None  # (H, W) metres along z, 0 where unknown
    depth_b: Optional[np.ndarray] = None  # (H, W) metres along z, 0 where unknown

    @classmethod
    def of_picture(cls, image):
        """Return a flat picture seen twice."""
        return cls(image, image)

    def carry(self, pixels_a):
        """Return where pixels (N, 2) of view a lie in view b, and a mask of those seen there.

        Seen: both depths are known and agree, and neither pixel lies on an edge of depth.
        """
        inside = _inside(pixels_a, self.image_a.shape)
        if self.depth_a is None:
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


def _inside(pixels, shape):
    return ((pixels >= 0) & (pixels <= (shape[1] - 1, shape[0] - 1))).all(-1)
