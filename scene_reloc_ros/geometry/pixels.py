# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The pixel grid: the only place that knows where the centre of a network cell lies.

Integer coordinates are pixel centres (as in OpenCV and sensor_msgs/CameraInfo), so the image
covers [-0.5, width - 0.5] and resizing by s moves a coordinate c to (c + 0.5) s - 0.5.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

Coordinate = TypeVar('Coordinate', float, np.ndarray, torch.Tensor)


def resized_coordinate(coordinate: Coordinate, scale: float) -> Coordinate:
    """Return where a pixel coordinate comes to lie when the image is resized by ``scale``."""
    return (coordinate + 0.5) * scale - 0.5


def cell_count(pixels: int, stride: int) -> int:
    """Return how many whole cells of ``stride`` pixels fit into a length of ``pixels``."""
    return pixels // stride


def cell_centres(rows: int, columns: int, stride: int,
                 device: torch.device | None = None) -> torch.Tensor:
    """Return the pixel coordinates (rows, columns, 2) = (u, v) of the cells' centres."""
    u = resized_coordinate(torch.arange(columns, device=device, dtype=torch.float32), stride)
    v = resized_coordinate(torch.arange(rows, device=device, dtype=torch.float32), stride)
    grid_v, grid_u = torch.meshgrid(v, u, indexing='ij')
    return torch.stack((grid_u, grid_v), -1)
