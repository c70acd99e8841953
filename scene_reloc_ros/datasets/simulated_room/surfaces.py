# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Plane rectangles and boxes in map coordinates: what the room is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Surface:
    """A rectangle seen from one side; all in metres of the map frame.

    edge_u runs along the texture's rows, edge_v down its columns, so that their cross product
    points away from whoever sees the surface.
    """

    origin: np.ndarray  # (3,) the corner of the texture's first texel
    edge_u: np.ndarray  # (3,)
    edge_v: np.ndarray  # (3,)
    material: str
    variant: str  # equal variants of equal size have equal textures

    @property
    def normal(self) -> np.ndarray:
        """Unit normal (3,) towards the side from which it is seen."""
        inward = np.cross(self.edge_u, self.edge_v)
        return -inward / np.linalg.norm(inward)

    @property
    def size_m(self) -> tuple[float, float]:
        """Return width and height."""
        return float(np.linalg.norm(self.edge_u)), float(np.linalg.norm(self.edge_v))


@dataclass(frozen=True)
class Block:
    """A box that stands upright; all in metres of the map frame."""

    foot: np.ndarray  # (3,) the middle of the lower face
    along: np.ndarray  # (3,) unit vector of the width
    facing: np.ndarray  # (3,) unit vector of the depth, towards the front
    size_m: tuple[float, float, float]  # width, depth, height
    materials: tuple[str, str, str]  # front, sides, top
    variant: str

    def faces(self) -> list[Surface]:
        """Return the six faces as surfaces seen from outside."""
        width, depth, height = self.size_m
        middle = self.foot + UP * (height / 2)
        front, sides, top = self.materials
        faces = [self._upright(middle + way * self.facing * (depth / 2), way * self.facing, width,
                               material, side)
                 for way, material, side in ((1, front, 'front'), (-1, sides, 'back'))]
        faces += [self._upright(middle + way * self.along * (width / 2), way * self.along, depth,
                                sides, 'side') for way in (1, -1)]
        for way in (1, -1):
            u, v = self.along * width, -way * self.facing * depth
            centre = middle + way * UP * (height / 2)
            faces.append(Surface(centre - u / 2 - v / 2, u, v, top, f'{self.variant} top'))
        return faces

    def _upright(self, centre: np.ndarray, outwards: np.ndarray, width: float, material: str,
                 side: str) -> Surface:
        u, v = np.cross(UP, outwards) * width, -UP * self.size_m[2]
        return Surface(centre - u / 2 - v / 2, u, v, material, f'{self.variant} {side}')
