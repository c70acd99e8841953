# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The photographs that ship inside scikit-image, read as files: nothing is ever downloaded."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

_FILES = {
    'astronaut': 'astronaut.png', 'brick': 'brick.png', 'camera': 'camera.png',
    'cat': 'chelsea.png', 'coffee': 'coffee.png', 'coins': 'coins.png', 'grass': 'grass.png',
    'gravel': 'gravel.png', 'stars': 'hubble_deep_field.jpg', 'tissue': 'ihc.png',
    'moon': 'moon.png', 'motorcycle': 'motorcycle_left.png',
    'retina': 'retina.jpg', 'rocket': 'rocket.jpg', 'text': 'text.png'}


@cache
def photograph(name: str) -> np.ndarray:
    """Return a bundled photograph (H, W, 3) as uint8 BGR; do not write into it.

    Raises ValueError where scikit-image or the file is missing.
    """
    specification = find_spec('skimage')
    if specification is None or not specification.submodule_search_locations:
        raise ValueError('the simulated room needs the photographs bundled with scikit-image; '
                         'install it with: pip install scikit-image')
    path = Path(specification.submodule_search_locations[0]) / 'data' / _FILES[name]
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f'photograph {path} is missing from this scikit-image; install the '
                         'wheel with: pip install --force-reinstall scikit-image')
    image.flags.writeable = False
    return image


def fitted(name: str, width: int, height: int) -> np.ndarray:
    """Return the middle of a photograph, cut and resized to width x height pixels."""
    image = photograph(name)
    rows, columns = image.shape[:2]
    scale = max(width / columns, height / rows)
    used_w, used_h = round(width / scale), round(height / scale)
    left, top = (columns - used_w) // 2, (rows - used_h) // 2
    cut = image[top:top + used_h, left:left + used_w]
    return cv2.resize(cut, (width, height), interpolation=_interpolation(scale))


def tiled(name: str, width: int, height: int, tile: float) -> np.ndarray:
    """Return a photograph repeated in tiles of that many pixels, mirrored so that seams close."""
    image = photograph(name)
    scale = tile / image.shape[1]
    one = cv2.resize(image, None, fx=scale, fy=scale, interpolation=_interpolation(scale))
    return cv2.copyMakeBorder(one, 0, max(height - one.shape[0], 0), 0,
                              max(width - one.shape[1], 0), cv2.BORDER_REFLECT)[:height, :width]


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
