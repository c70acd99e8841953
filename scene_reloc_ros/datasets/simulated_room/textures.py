# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Textures of the room's surfaces with light baked in, as pyramids for anti-aliasing."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import cv2
import numpy as np

from scene_reloc_ros.datasets.simulated_room.lighting import light_maps, Lighting
from scene_reloc_ros.datasets.simulated_room.materials import LUMINOUS, paint
from scene_reloc_ros.datasets.simulated_room.surfaces import Block, Surface

_DENSITY = 350  # texels per metre of large surfaces
_FINE_DENSITY = 600  # texels per metre of surfaces that can be seen from near
_FINE_AREA_M2 = 1.3
_COARSE_DENSITY = 250  # texels per metre of the ceiling
_SMALLEST_SIDE = 4  # texels


def texture_pyramids(surfaces: Sequence[Surface], blocks: Sequence[Block], lighting: Lighting,
                     seed: int) -> list[list[np.ndarray]]:
    """Return for every surface a list of uint8 BGR images, each half the one before."""
    painted: dict[str, np.ndarray] = {}
    pyramids = []
    for surface, gain in zip(surfaces, light_maps(surfaces, blocks, lighting)):
        key = f'{surface.material} {surface.variant} {surface.size_m}'
        if key not in painted:
            generator = np.random.default_rng([seed, crc32(key.encode())])
            painted[key] = paint(surface.material, *surface.size_m, _density(surface), generator)
        texture = painted[key]
        if surface.material not in LUMINOUS:
            texture = _lit(texture, gain)
        pyramids.append(_pyramid(texture))
    return pyramids


def _density(surface: Surface) -> float:
    if surface.material == 'ceiling':
        return _COARSE_DENSITY
    width, height = surface.size_m
    return _FINE_DENSITY if width * height < _FINE_AREA_M2 else _DENSITY


def _lit(texture: np.ndarray, gain: np.ndarray) -> np.ndarray:
    height, width = texture.shape[:2]
    fine = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(texture, cv2.merge((fine, fine, fine)), dtype=cv2.CV_8U)


def _pyramid(texture: np.ndarray) -> list[np.ndarray]:
    levels = [texture]
    while min(levels[-1].shape[:2]) >= 2 * _SMALLEST_SIDE:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], (width // 2, height // 2),
                                 interpolation=cv2.INTER_AREA))
    return levels
