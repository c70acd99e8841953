# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Image and pose files on disk, read with an error that names the file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from scene_reloc_ros.geometry.brightness import eight_bits
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import known_depth
from scene_reloc_ros.geometry.poses import checked_pose

# A tag that turns the picture would turn it away from its camera model.
_AS_THE_SENSOR_HAS_IT = (cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
                         | cv2.IMREAD_IGNORE_ORIENTATION)


def read_colour(path: Path, camera: Camera) -> np.ndarray:
    """Read an (H, W, 3) uint8 BGR image and check its size against the camera."""
    image = eight_bits(_decoded(path, _AS_THE_SENSOR_HAS_IT))
    _check_size(path, image, camera)
    return image


def read_depth(path: Path, camera: Camera, units_per_metre: float) -> np.ndarray:
    """Read a 16-bit depth image as (H, W) float32 metres, 0 where there is none."""
    raw = _decoded(path, cv2.IMREAD_UNCHANGED)
    if raw.dtype != np.uint16 or raw.ndim != 2:
        raise ValueError(f'depth image {path} is {raw.dtype} with {raw.ndim} dimensions; expected '
                         'one channel of 16 bits')
    _check_size(path, raw, camera)
    return known_depth(raw, units_per_metre)


def read_pose(path: Path) -> np.ndarray:
    """Read a 4x4 map_from_cam matrix of 16 numbers as text."""
    try:
        numbers = [float(word) for word in path.read_text().split()]
    except ValueError as error:
        raise ValueError(f'pose file {path} is not made of numbers ({error})') from error
    if len(numbers) != 16:
        raise ValueError(f'pose file {path} has {len(numbers)} numbers; expected 16 (a 4x4 '
                         'map_from_cam matrix)')
    return checked_pose(np.array(numbers).reshape(4, 4), str(path))


def _decoded(path: Path, flags: int) -> np.ndarray:
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ValueError(f'image {path} cannot be read ({error.strerror}); restore the file or '
                         'leave the frame out') from error
    try:
        image = cv2.imdecode(content, flags) if content.size else None
    except cv2.error:
        image = None
    if image is None:
        raise ValueError(f'image {path} cannot be decoded ({content.size} bytes); restore the '
                         'file or leave the frame out')
    return image


def _check_size(path: Path, image: np.ndarray, camera: Camera) -> None:
    height, width = image.shape[:2]
    if (width, height) != (camera.width, camera.height):
        raise ValueError(f'image {path} is {width}x{height}, the camera {camera.width}x'
                         f'{camera.height}; use the camera.yaml these images were taken with')
