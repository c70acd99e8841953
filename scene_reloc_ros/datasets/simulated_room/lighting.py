# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lambert light with soft shadows, computed once for every surface on a coarse grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scene_reloc_ros.datasets.simulated_room.surfaces import Block, Surface

_CELL_M = 0.12  # of the light grid
_DISPLAY_GAMMA = 1 / 2.2
_LIFT_M = 0.01  # light is measured this far in front of a surface
_CASTS_SHADOW_M = 0.3  # smaller blocks are taken to cast none


@dataclass(frozen=True)
class Lighting:
    """Point lamps and what the room itself reflects; 1 leaves a texture as it is."""

    # ((x, y, z) in metres, strength at 1 m head on)
    lamps: tuple[tuple[tuple[float, float, float], float], ...]
    ambient: float  # light from everywhere, unitless


_CEILING_LAMPS = tuple(((x, y, 2.6), 1.0) for x in (1.6, 2.2, 3.8, 4.4) for y in (2.45, 2.55))
_WINDOW = tuple(((5.9, y, z), 1.1) for y in (3.1, 3.7) for z in (1.3, 1.9))
LIGHTINGS = {
    'day': Lighting(_CEILING_LAMPS + _WINDOW, 0.42),
    'evening': Lighting(_CEILING_LAMPS[:4] + tuple((lamp, 0.6) for lamp, _ in _CEILING_LAMPS[4:]),
                        0.38)}


def turned_lamps() -> dict[str, Lighting]:
    """Return lightings that look the same after half a turn: without the window."""
    return {'day': Lighting(tuple((lamp, 1.3) for lamp, _ in _CEILING_LAMPS), 0.45),
            'evening': Lighting(tuple((lamp, 0.9) for lamp, _ in _CEILING_LAMPS), 0.38)}


def light_maps(surfaces: Sequence[Surface], blocks: Sequence[Block],
               lighting: Lighting) -> list[np.ndarray]:
    """Return for every surface a coarse (rows, columns) float32 map of gains for its texture."""
    grids = [_grid(surface) for surface in surfaces]
    points = np.concatenate([grid.reshape(-1, 3) for grid in grids]).astype(np.float32)
    counts = [grid.shape[0] * grid.shape[1] for grid in grids]
    normals = np.repeat([surface.normal for surface in surfaces], counts, 0).astype(np.float32)
    casting = [block for block in blocks if max(block.size_m) >= _CASTS_SHADOW_M
               and 'lamp' not in block.materials]
    light = lighting.ambient * (1 + 0.25 * normals[:, 2])
    for lamp_m, strength in lighting.lamps:
        towards = np.asarray(lamp_m, np.float32) - points
        squared = (towards ** 2).sum(-1)
        cosine = (towards * normals).sum(-1) / np.sqrt(squared + 1e-6)
        facing = np.flatnonzero(cosine > 0)
        lit = facing[~_shadowed(points[facing], towards[facing], casting)]
        light[lit] += strength * cosine[lit] / (1 + squared[lit])
    gains = np.split(light ** np.float32(_DISPLAY_GAMMA), np.cumsum(counts)[:-1])
    return [cv2.blur(gain.reshape(grid.shape[:2]), (2, 2), borderType=cv2.BORDER_REPLICATE)
            for gain, grid in zip(gains, grids)]


def _grid(surface: Surface) -> np.ndarray:
    width, height = surface.size_m
    columns, rows = (max(2, round(size / _CELL_M)) for size in (width, height))
    u, v = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    return (surface.origin + surface.normal * _LIFT_M + u[None, :, None] * surface.edge_u
            + v[:, None, None] * surface.edge_v)


def _shadowed(points: np.ndarray, towards: np.ndarray, blocks: Sequence[Block]) -> np.ndarray:
    """Slab test (Kay and Kajiya, 1986) of the segments points + t towards, 0 < t < 1."""
    hidden = np.zeros(len(points), bool)
    for block in blocks:
        axes = np.stack((block.along, block.facing, (0, 0, 1)), 1).astype(np.float32)
        half = np.array(block.size_m, np.float32) / 2
        middle = (block.foot + (0, 0, half[2])).astype(np.float32)
        start, way = (points - middle) @ axes, towards @ axes
        way = np.where(np.abs(way) < 1e-9, np.float32(1e-9), way)
        near, far = (-half - start) / way, (half - start) / way
        enters, leaves = np.minimum(near, far).max(-1), np.maximum(near, far).min(-1)
        hidden |= (enters < leaves) & (leaves > 0) & (enters < 1)
    return hidden
