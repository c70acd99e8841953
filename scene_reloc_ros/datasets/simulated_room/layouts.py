# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The rooms that can be simulated: what stands where in each, and how a camera goes through it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scene_reloc_ros.datasets.simulated_room import furniture
from scene_reloc_ros.datasets.simulated_room.furniture import Picture, Placement
from scene_reloc_ros.datasets.simulated_room.lighting import Lighting, LIGHTINGS, turned_lamps
from scene_reloc_ros.datasets.simulated_room.routes import RouteOptions, ROUTES

_OTHERS = 4  # rooms of other places, count
_MIDDLE = 'rug', 'low_table'  # stand there left for right as well


@dataclass(frozen=True)
class Layout:
    """One room; all rooms have the size and the lamps of ``furniture``."""

    shell: dict[str, str]  # side of the room -> material
    placements: tuple[Placement, ...]  # as furniture.PLACEMENTS
    pictures: tuple[Picture, ...]  # as furniture.PICTURES
    routes: dict[str, RouteOptions]
    lights: dict[str, Lighting]
    symmetric: bool = False  # walls, floor and ceiling look the same after half a turn
    seed: int = 0  # added to the seed of all textures


def _opposite(placements: tuple[Placement, ...],
              pictures: tuple[Picture, ...]) -> tuple[tuple[Placement, ...], tuple[Picture, ...]]:
    """Return furniture and pictures after half a turn about the middle of the room."""
    width, depth, _ = furniture.ROOM_M
    sides = {'south': ('north', width), 'west': ('east', depth)}
    turned = tuple((piece, width - x, depth - y, turn + 180) for piece, x, y, turn in placements)
    hung = tuple((material, sides[wall][0], sides[wall][1] - at, low, wide, high)
                 for material, wall, at, low, wide, high in pictures)
    return turned, hung


def _twins() -> Layout:
    """Two opposite corners are the same to the last texel; the other two are not."""
    corner = (('bookcase', 1.25, 0.0, 0), ('planter', 0.45, 0.05, 0), ('crates', 0.05, 1.15, -90),
              ('chair', 0.55, 1.75, -60))
    hung = (('poster:cat', 'south', 0.42, 1.30, 0.60, 0.80),
            ('photo:camera', 'west', 1.0, 1.25, 0.70, 0.55),
            ('cupboard', 'west', 2.0, 0, 0.85, 2.0))
    there, hung_there = _opposite(corner, hung)
    rest = (('desk', 6.0, 1.5, 90), ('chair', 5.0, 1.6, -75), ('wardrobe', 4.9, 0.0, 0),
            ('sofa', 1.6, 5.0, 180), ('sideboard', 0.0, 3.7, -90), ('rug', 3.0, 1.4, 0))
    pictures = (('noticeboard', 'east', 1.4, 1.35, 1.40, 0.90),
                ('poster:rocket', 'south', 3.3, 1.20, 0.60, 0.90),
                ('poster:coffee', 'north', 1.6, 1.25, 0.75, 0.60),
                ('poster:astronaut', 'west', 3.7, 1.20, 0.60, 0.85))
    shell = {'floor': 'planks', 'ceiling': 'ceiling', 'west': 'brick', 'east': 'brick',
             'south': 'wallpaper', 'north': 'wallpaper'}
    return Layout(shell, corner + there + rest, hung + hung_there + pictures, _all_around(),
                  turned_lamps(), symmetric=True)


def _all_around() -> dict[str, RouteOptions]:
    """Routes that look at all four walls; they go far enough out to see a corner from near."""
    survey = replace(ROUTES['survey'], half_axes_m=(1.3, 0.9), pan_deg=180, pans=3.5)
    back = replace(ROUTES['return'], half_axes_m=(1.45, 1.0), pan_deg=180, pans=4.3)
    return {'survey': survey, 'return': back}


def _other(seed: int) -> Layout:
    """Another room of the same make: other walls and pictures, a few of the same pieces.

    Rooms that have several pieces in the same places to one another would be one place, changed a
    little, and finding it no error. So each has its own part of the furniture, and all of them
    have it left for right.
    """
    walls = ('wallpaper', 'brick', 'paint', 'blank')
    shell = {'floor': 'planks', 'ceiling': 'ceiling',
             **{side: walls[(number + seed) % len(walls)]
                for number, side in enumerate(('west', 'south', 'east', 'north'))}}
    pieces = tuple(p for p in furniture.PLACEMENTS if p[0] not in _MIDDLE)[seed::_OTHERS]
    placements = tuple((piece, furniture.ROOM_M[0] - x, y, -turn) for piece, x, y, turn in pieces)
    frames = ('poster:rocket', 'noticeboard', 'poster:coffee', 'poster:cat', 'photo:camera')
    pictures = tuple((frames[(number + seed) % len(frames)], side, 1.2 + 0.5 * number,
                      1.25, 0.7, 0.7)
                     for number, side in enumerate(('west', 'south', 'east', 'north')))
    return Layout(shell, placements, pictures, _all_around(), LIGHTINGS, seed=1000 * (seed + 1))


DEFAULT_ROOM = 'living'
LAYOUTS = {
    DEFAULT_ROOM: Layout(furniture.SHELL, furniture.PLACEMENTS, furniture.PICTURES, ROUTES,
                         LIGHTINGS),
    'twins': _twins(),
    **{f'other{seed}': _other(seed) for seed in range(_OTHERS)}}
