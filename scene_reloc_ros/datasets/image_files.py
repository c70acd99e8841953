# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Image and pose files on disk, read with an error that names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import ANY_DEPTH, DepthRange, known_depth, refuse_no_metres
from scene_reloc_ros.geometry.pictures import decoded_depth, decoded_picture
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.geometry.text_files import read_text


def read_colour(path: Path, camera: Camera) -> np.ndarray:
    """Read an (H, W, 3) uint8 BGR or (H, W) grey image; ValueError for another size."""
    return _decoded(path, decoded_picture, camera)


def read_depth(path: Path, camera: Camera, units_per_metre: float,
               stated: DepthRange = ANY_DEPTH) -> np.ndarray:
    """Read a 16-bit depth image as (H, W) float32 metres, 0 where there is none.

    Args:
        path: of the file.
        camera: ValueError where it has another size, or the depths cannot be metres.
        units_per_metre: of the values in the file.
        stated: range of the sensor.
    """
    depth_m = known_depth(_decoded(path, decoded_depth, camera), units_per_metre, stated)
    try:
        refuse_no_metres(depth_m)
    except ValueError as error:
        raise ValueError(f'image {path}: {error}') from error
    return depth_m


def read_pose(path: Path) -> np.ndarray:
    """Read a 4x4 map_from_cam matrix of 16 numbers as text."""
    try:
        numbers = [float(word) for word in read_text(path).split()]
    except OSError as error:
        raise ValueError(f'pose file {path} cannot be read ({error.strerror})') from error
    except ValueError as error:
        raise ValueError(f'pose file {path} is not made of numbers ({error})') from error
    if len(numbers) != 16:
        raise ValueError(f'pose file {path} has {len(numbers)} numbers; expected 16 (a 4x4 '
                         'map_from_cam matrix)')
    return checked_pose(np.array(numbers).reshape(4, 4), str(path))


def _decoded(path: Path, decoder: Callable[[np.ndarray], np.ndarray],
             camera: Camera) -> np.ndarray:
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ValueError(f'image {path} cannot be read ({error.strerror}); restore the file or '
                         'leave the frame out') from error
    try:
        image = decoder(content)
    except ValueError as error:
        raise ValueError(f'image {path} {error}; restore the file or leave the frame out'
                         ) from error
    height, width = image.shape[:2]
    if (width, height) != (camera.width, camera.height):
        raise ValueError(f'image {path} is {width}x{height}, the camera {camera.width}x'
                         f'{camera.height}; use the camera.yaml these images were taken with')
    return image
