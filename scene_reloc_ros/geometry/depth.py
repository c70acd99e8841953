# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reading depth images at pixels: no interpolation, and nothing on an edge."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
import numpy.typing as npt

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import resized_coordinate

_NOTHING_M, _ROUNDING_M = 65.535, 1e-5  # 65535 mm, and how exactly a float has it
_SMALLEST_PX = 8  # side of a depth image that is smaller than the image it belongs to
_EDGE = 0.05  # largest change of depth two pixels away, ratio
# Medians of an image in metres. No camera measures so near or so far, and in millimetres, or in
# thousands of metres, any lies beyond.
_NEAREST_MEDIAN_M, _FARTHEST_MEDIAN_M = 0.02, 200.0


@dataclass(frozen=True)
class DepthRange:
    """What a sensor measures by its data sheet; what it says of anything else is unknown."""

    nearest_m: float = 0.0
    farthest_m: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        if not 0 <= self.nearest_m < self.farthest_m:
            raise ValueError(f'range of depth is {self.nearest_m:g} to {self.farthest_m:g} m; '
                             'expected two distances, the nearer one first')


ANY_DEPTH = DepthRange()


def known_depth(raw: np.ndarray, units_per_metre: float,
                stated: DepthRange = ANY_DEPTH) -> np.ndarray:
    """Return depths (h, w) float32, metres, 0 where unknown, of an image as a sensor gives it.

    Unknown is what is no number, not positive, outside of the range that the sensor is stated to
    have, or all bits of an integer: several cameras write 65535 where they measured nothing, and
    drivers make 65.535 m of it.

    Args:
        raw: (h, w) float, or uint16.
        units_per_metre: of its values.
        stated: range of the sensor.
    """
    with np.errstate(invalid='ignore'):  # a NaN of any kind is no news
        depth_m = raw.astype(np.float32) / np.float32(units_per_metre)
    known = (np.isfinite(depth_m) & (depth_m > 0) & (depth_m >= np.float32(stated.nearest_m))
             & (depth_m <= np.float32(stated.farthest_m)))
    if np.issubdtype(raw.dtype, np.integer):
        known &= raw != np.iinfo(raw.dtype).max
    else:
        known &= np.abs(depth_m - _NOTHING_M) > _ROUNDING_M
    return np.where(known, depth_m, np.float32(0))


def registered_depth(depth_m: npt.ArrayLike, camera: Camera) -> np.ndarray:
    """Return depths (h, w) as float, 0 where they are unknown; ValueError if they cannot fit.

    A smaller or larger picture of the same view is fine; one of another shape was taken by another
    camera, or cropped. Depths that cannot be metres are refused as such.

    Args:
        depth_m: (h, w) metres along z.
        camera: Camera of the image that they belong to.
    """
    depth_m = np.asarray(depth_m, np.float32)
    if depth_m.ndim != 2 or not depth_m.size:
        raise ValueError(f'depth has shape {depth_m.shape}; expected (H, W) in metres')
    height, width = depth_m.shape
    if min(height, width) < min(_SMALLEST_PX, camera.height, camera.width):  # of any shape
        raise ValueError(f'depth is {width}x{height}, no picture of what the image of '
                         f'{camera.width}x{camera.height} shows; check the depth topic')
    if abs(width * camera.height - height * camera.width) > max(camera.width, camera.height):
        raise ValueError(f'depth is {width}x{height}, but the image is '
                         f'{camera.width}x{camera.height}: register the depth to the colour '
                         'camera (depth_image_proc/register, or align_depth of the driver)')
    known_m = np.where(np.isfinite(depth_m) & (depth_m > 0), depth_m, np.float32(0))
    refuse_no_metres(known_m)
    return known_m


def refuse_no_metres(depth_m: np.ndarray) -> None:
    """Raise ValueError where depths (h, w), 0 where unknown, cannot be metres."""
    known_m = depth_m[depth_m > 0]
    middle = float(np.median(known_m)) if known_m.size else 1.0
    if not _NEAREST_MEDIAN_M <= middle <= _FARTHEST_MEDIAN_M:
        raise ValueError(f'depth is {middle:g} m in the median, so it is not in metres: send '
                         'millimetres as 16UC1, or metres as 32FC1')


def trusted_depths(depth_m: np.ndarray, pixels: np.ndarray, stretch: float) -> np.ndarray:
    """Return depths (N,) float32 at pixels of a resized image, 0 where they cannot be trusted.

    Args:
        depth_m: (H, W) metres along z, 0 where unknown.
        pixels: (N, 2) of the resized image.
        stretch: size of the depth image, of that of the resized one.
    """
    depths, trusted = depth_at(depth_m, resized_coordinate(pixels, stretch))
    return np.where(trusted, depths, 0).astype(np.float32)


def depth_at(depth_m: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return depths (N,) at the nearest pixels and whether they can be trusted.

    Args:
        depth_m: (H, W) metres along z, 0 where unknown.
        pixels: (N, 2); those outside are read at the border.

    Returns:
        depths (N,) and a mask (N,): known, and the surface goes on smoothly all around.
    """
    height, width = depth_m.shape
    columns = np.clip(np.round(pixels[:, 0]), 0, width - 1).astype(int)
    rows = np.clip(np.round(pixels[:, 1]), 0, height - 1).astype(int)
    here = depth_m[rows, columns]
    above, below = np.maximum(rows - 2, 0), np.minimum(rows + 2, height - 1)
    left, right = np.maximum(columns - 2, 0), np.minimum(columns + 2, width - 1)
    around = np.stack((depth_m[above, columns], depth_m[below, columns],
                       depth_m[rows, left], depth_m[rows, right]))
    smooth = (np.abs(around - here) < _EDGE * here).all(0)
    return here, (here > 0) & smooth
