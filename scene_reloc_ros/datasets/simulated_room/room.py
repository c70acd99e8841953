# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From a layout to what stands in the room: its blocks, and every surface that can be seen."""

from __future__ import annotations

from collections.abc import Iterable
import math

import numpy as np

from scene_reloc_ros.datasets.simulated_room import furniture
from scene_reloc_ros.datasets.simulated_room.layouts import Layout
from scene_reloc_ros.datasets.simulated_room.surfaces import Block, Surface, UP

_TOUCHING_M = 1e-3  # a face this near the shell of the room is never seen
_WALLS = {  # wall -> (start of the wall, direction along it, direction into the room)
    'south': ((0, 0, 0), (1, 0, 0), (0, 1, 0)), 'west': ((0, 0, 0), (0, 1, 0), (1, 0, 0)),
    'north': ((0, 1, 0), (1, 0, 0), (0, -1, 0)), 'east': ((1, 0, 0), (0, 1, 0), (-1, 0, 0))}


def room_blocks(layout: Layout) -> list[Block]:
    """Return all furniture, pictures and lamps of a Layout as blocks."""
    blocks = []
    for piece, x, y, turn_deg in layout.placements:
        turn = math.radians(turn_deg)
        along = np.array([math.cos(turn), math.sin(turn), 0])
        facing = np.array([-math.sin(turn), math.cos(turn), 0])
        for number, (bx, by, bz, w, d, h, front, sides, top) in enumerate(
                furniture.PIECES[piece]):
            foot = np.array([x, y, 0]) + bx * along + by * facing + bz * UP
            blocks.append(Block(foot, along, facing, (w, d, h), (front, sides, top),
                                f'{piece} {number}'))
    blocks += [_picture(*picture) for picture in layout.pictures]
    along, facing = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    blocks += [Block(np.array([x, y, z]), along, facing, (w, d, h), ('white', 'white', 'lamp'),
                     'lamp')
               for x, y, z, w, d, h in furniture.LAMP_BLOCKS]
    return blocks


def room_surfaces(blocks: Iterable[Block], layout: Layout) -> list[Surface]:
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


def _picture(material: str, wall: str, at_m: float, low_m: float, width: float,
             height: float) -> Block:
    start, along, facing = (np.array(vector, float) for vector in _WALLS[wall])
    middle = (start * furniture.ROOM_M + along * at_m + UP * low_m
              + facing * (furniture.PICTURE_DEPTH_M / 2))
    size = (width, furniture.PICTURE_DEPTH_M, height)
    return Block(middle, along, facing, size, (material, 'black', 'black'), f'picture {material}')


def _shell(layout: Layout) -> list[Surface]:
    x, y, z = furniture.ROOM_M
    surfaces = _halves(layout) if layout.symmetric else [
        Surface(np.array([0, y, 0.0]), np.array([x, 0, 0.0]), np.array([0, -y, 0.0]),
                layout.shell['floor'], 'floor'),
        Surface(np.array([0, 0, z]), np.array([x, 0, 0.0]), np.array([0, y, 0.0]),
                layout.shell['ceiling'], 'ceiling')]
    for wall, (start, along, facing) in _WALLS.items():
        length = np.array(along, float) * furniture.ROOM_M
        u = np.cross(UP, facing) * np.linalg.norm(length)
        corner = np.array(start) * furniture.ROOM_M + UP * z
        origin = corner if u @ length > 0 else corner + length
        # walls of one size and variant have one texture, seen from inside
        variant = 'wall' if layout.symmetric else wall
        surfaces.append(Surface(origin, u, -UP * z, layout.shell[wall], variant))
    return surfaces


def _halves(layout: Layout) -> list[Surface]:
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
