# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Plane rectangles: the layout of the room turned into surfaces in map coordinates."""

from dataclasses import dataclass
import math

import numpy as np

from scene_reloc_ros.datasets.simulated_room import furniture

_TOUCHING_M = 1e-3  # a face this near the shell of the room is never seen
_UP = np.array([0.0, 0.0, 1.0])
_WALLS = {  # wall -> (start of the wall, direction along it, direction into the room)
    'south': ((0, 0, 0), (1, 0, 0), (0, 1, 0)), 'west': ((0, 0, 0), (0, 1, 0), (1, 0, 0)),
    'north': ((0, 1, 0), (1, 0, 0), (0, -1, 0)), 'east': ((1, 0, 0), (0, 1, 0), (-1, 0, 0))}


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
    def normal(self):
        """Unit normal (3,) towards the side from which it is seen."""
        inward = np.cross(self.edge_u, self.edge_v)
        return -inward / np.linalg.norm(inward)

    @property
    def size_m(self):
        """Return width and height."""
        return float(np.linalg.norm(self.edge_u)), float(np.linalg.norm(self.edge_v))


@dataclass(frozen=True)
class Block:
    """A box that stands upright; all in metres of the map frame."""

    foot: np.ndarray  # (3,) the middle of the lower face
    along: np.ndarray  # (3,) unit vector of the width
    facing: np.ndarray  # (3,) unit vector of the depth, towards the front
    size_m: tuple  # width, depth, height
    materials: tuple  # front, sides, top
    variant: str

    def faces(self):
        """Return the six faces as surfaces seen from outside."""
        width, depth, height = self.size_m
        middle = self.foot + _UP * (height / 2)
        front, sides, top = self.materials
        faces = [self._upright(middle + way * self.facing * (depth / 2), way * self.facing, width,
                               material, side)
                 for way, material, side in ((1, front, 'front'), (-1, sides, 'back'))]
        faces += [self._upright(middle + way * self.along * (width / 2), way * self.along, depth,
                                sides, 'side') for way in (1, -1)]
        for way in (1, -1):
            u, v = self.along * width, -way * self.facing * depth
            centre = middle + way * _UP * (height / 2)
            faces.append(Surface(centre - u / 2 - v / 2, u, v, top, f'{self.variant} top'))
        return faces

    def _upright(self, centre, outwards, width, material, side):
        u, v = np.cross(_UP, outwards) * width, -_UP * self.size_m[2]
        return Surface(centre - u / 2 - v / 2, u, v, material, f'{self.variant} {side}')


def room_blocks(layout):
    """Return all furniture, pictures and lamps of a Layout as blocks."""
    blocks = []
    for piece, x, y, turn_deg in layout.placements:
        turn = math.radians(turn_deg)
        along = np.array([math.cos(turn), math.sin(turn), 0])
        facing = np.array([-math.sin(turn), math.cos(turn), 0])
        for number, (bx, by, bz, *size, front, sides, top) in enumerate(furniture.PIECES[piece]):
            foot = np.array([x, y, 0]) + bx * along + by * facing + bz * _UP
            blocks.append(Block(foot, along, facing, tuple(size), (front, sides, top),
                                f'{piece} {number}'))
    blocks += [_picture(*picture) for picture in layout.pictures]
    along, facing = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    blocks += [Block(np.array([x, y, z]), along, facing, tuple(size), ('white', 'white', 'lamp'),
                     'lamp')
               for x, y, z, *size in furniture.LAMP_BLOCKS]
    return blocks


def room_surfaces(blocks, layout):
    """Return the shell of the room and every face of the blocks that can be seen."""
    surfaces = _shell(layout)
    shell_m = np.array(furniture.ROOM_M)
    for block in blocks:
        for face in block.faces():
            centre = face.origin + (face.edge_u + face.edge_v) / 2
            outside = centre + face.normal * _TOUCHING_M
            if ((outside > 0) & (outside < shell_m)).all():
                surfaces.append(face)
    return surfaces


def _picture(material, wall, at_m, low_m, width, height):
    start, along, facing = (np.array(vector, float) for vector in _WALLS[wall])
    middle = (start * furniture.ROOM_M + along * at_m + _UP * low_m
              + facing * (furniture.PICTURE_DEPTH_M / 2))
    size = (width, furniture.PICTURE_DEPTH_M, height)
    return Block(middle, along, facing, size, (material, 'black', 'black'), f'picture {material}')


def _shell(layout):
    x, y, z = furniture.ROOM_M
    surfaces = _halves(layout) if layout.symmetric else [
        Surface(np.array([0, y, 0.0]), np.array([x, 0, 0.0]), np.array([0, -y, 0.0]),
                layout.shell['floor'], 'floor'),
        Surface(np.array([0, 0, z]), np.array([x, 0, 0.0]), np.array([0, y, 0.0]),
                layout.shell['ceiling'], 'ceiling')]
    for wall, (start, along, facing) in _WALLS.items():
        length = np.array(along, float) * furniture.ROOM_M
        u = np.cross(_UP, facing) * np.linalg.norm(length)
        corner = np.array(start) * furniture.ROOM_M + _UP * z
        origin = corner if u @ length > 0 else corner + length
        # walls of one size and variant have one texture, seen from inside
        variant = 'wall' if layout.symmetric else wall
        surfaces.append(Surface(origin, u, -_UP * z, layout.shell[wall], variant))
    return surfaces


def _halves(layout):
    """Return floor and ceiling in two halves each, one the other after half a turn."""
    x, y, z = furniture.ROOM_M
    half = np.array([x / 2, 0, 0])
    halves = []
    for name, height, way in (('floor', 0.0, -1), ('ceiling', z, 1)):
        down = np.array([0, way * y, 0.0])
        origin = np.array([0, y if way < 0 else 0, height])
        opposite = np.array([x, y, 2 * height]) - origin
        halves += [Surface(origin, half, down, layout.shell[name], f'half {name}'),
                   Surface(opposite, -half, -down, layout.shell[name], f'half {name}')]
    return halves
