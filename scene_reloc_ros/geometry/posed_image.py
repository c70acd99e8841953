# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The one currency between data sets, mapping and evaluation: an image and where it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.geometry.camera import Camera


@dataclass(frozen=True)
class PosedImage:
    """One camera image with its calibration and, where known, its pose and depth."""

    name: str
    stamp_ns: int
    image: np.ndarray  # (H, W, 3) uint8 BGR, or (H, W) uint8 grey
    camera: Camera
    map_from_cam: np.ndarray | None = None  # (4, 4) float64, metres, optical camera frame
    depth_m: np.ndarray | None = None  # (H, W) float32 metres along z, 0 where unknown
