# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The layout of the room as data: what stands where, in metres; map frame z up, floor z = 0.

A block is (x, y, z, width, depth, height, front, sides, top): the middle of its foot, its size
and its materials. Pieces have their back at y = 0 and face +y; a placement turns and moves them.
"""

from __future__ import annotations

Row = tuple[float, float, float, float, float, float, str, str, str]  # a block as above
Placement = tuple[str, float, float, float]  # as those of PLACEMENTS
Picture = tuple[str, str, float, float, float, float]  # as those of PICTURES

ROOM_M = (6.0, 5.0, 2.7)  # x, y, z
SHELL = {  # inside of the room -> material
    'floor': 'planks', 'ceiling': 'ceiling', 'west': 'blank', 'east': 'brick', 'south': 'paint',
    'north': 'wallpaper'}
_SHELF_HEIGHTS_M = (0.06, 0.43, 0.80, 1.17, 1.54, 1.92)


def _bookcase() -> tuple[Row, ...]:
    blocks: list[Row] = [
        (side * 0.435, 0.16, 0, 0.03, 0.32, 1.95, 'walnut', 'walnut', 'walnut')
        for side in (-1, 1)]
    blocks += [(0, 0.16, z, 0.84, 0.31, 0.025, 'walnut', 'walnut', 'walnut')
               for z in _SHELF_HEIGHTS_M]
    blocks.append((0, 0.01, 0, 0.84, 0.02, 1.95, 'walnut', 'walnut', 'walnut'))
    for row, z in enumerate(_SHELF_HEIGHTS_M[:-1]):
        width = (0.40, 0.55, 0.30, 0.48, 0.36)[row]
        left = width / 2 - 0.41
        tall = (0.30, 0.27, 0.31, 0.26, 0.29)[row]
        blocks.append((left, 0.13, z + 0.025, width, 0.20, tall, 'books', 'white', 'carton'))
        rest = 0.80 - width
        blocks.append((0.41 - rest / 2 + 0.02, 0.12 + 0.02 * (row % 3), z + 0.025, rest - 0.06,
                       0.17, tall - 0.07, ('books', 'photo:coins', 'carton')[row % 3], 'blue',
                       'carton'))
    return tuple(blocks)


PIECES: dict[str, tuple[Row, ...]] = {
    'bookcase': _bookcase(),
    'desk': (
        (0, 0.36, 0.71, 1.5, 0.72, 0.035, 'beech', 'beech', 'beech'),
        (-0.7, 0.36, 0, 0.04, 0.66, 0.71, 'metal', 'metal', 'metal'),
        (0.5, 0.36, 0, 0.45, 0.62, 0.71, 'cupboard', 'oak', 'oak'),
        (-0.1, 0.20, 0.82, 0.60, 0.04, 0.36, 'screen', 'black', 'black'),
        (-0.1, 0.22, 0.745, 0.07, 0.05, 0.08, 'black', 'black', 'black'),
        (-0.1, 0.50, 0.745, 0.44, 0.14, 0.02, 'black', 'black', 'keyboard'),
        (0.48, 0.25, 0.745, 0.24, 0.30, 0.12, 'books', 'carton', 'photo:text'),
        (-0.55, 0.25, 0.745, 0.22, 0.24, 0.30, 'photo:rocket', 'red', 'carton'),
        (0.30, 0.55, 0.745, 0.21, 0.28, 0.015, 'white', 'white', 'photo:text')),
    'chair': (
        (0, 0.25, 0.44, 0.46, 0.46, 0.06, 'fabric', 'fabric', 'fabric'),
        (0, 0.03, 0.55, 0.44, 0.05, 0.42, 'fabric', 'oak', 'oak'),
        (-0.2, 0.05, 0, 0.04, 0.04, 0.95, 'oak', 'oak', 'oak'),
        (0.2, 0.05, 0, 0.04, 0.04, 0.95, 'oak', 'oak', 'oak'),
        (-0.2, 0.45, 0, 0.04, 0.04, 0.44, 'oak', 'oak', 'oak'),
        (0.2, 0.45, 0, 0.04, 0.04, 0.44, 'oak', 'oak', 'oak')),
    'sideboard': (
        (0, 0.23, 0.08, 1.6, 0.46, 0.74, 'cupboard', 'oak', 'oak'),
        (0, 0.23, 0, 1.5, 0.40, 0.08, 'black', 'black', 'black'),
        (-0.55, 0.20, 0.82, 0.34, 0.26, 0.30, 'carton', 'carton', 'carton'),
        (-0.05, 0.12, 0.82, 0.40, 0.03, 0.30, 'photo:tissue', 'black', 'black'),
        (0.30, 0.25, 0.82, 0.20, 0.20, 0.20, 'photo:retina', 'photo:moon', 'photo:coins'),
        (0.62, 0.22, 0.82, 0.26, 0.22, 0.09, 'books', 'blue', 'photo:text'),
        (0.60, 0.22, 0.91, 0.22, 0.20, 0.07, 'red', 'white', 'photo:text')),
    'wardrobe': (
        (0, 0.30, 0, 1.0, 0.60, 1.95, 'cupboard', 'beech', 'beech'),
        (-0.2, 0.32, 1.95, 0.45, 0.40, 0.28, 'carton', 'carton', 'carton'),
        (0.27, 0.30, 1.95, 0.34, 0.34, 0.20, 'photo:camera', 'blue', 'carton')),
    'sofa': (
        (0, 0.45, 0.12, 1.6, 0.66, 0.30, 'fabric', 'fabric', 'fabric'),
        (0, 0.12, 0.12, 1.6, 0.22, 0.68, 'fabric', 'fabric', 'fabric'),
        (-0.87, 0.42, 0.08, 0.16, 0.76, 0.50, 'fabric', 'fabric', 'oak'),
        (0.87, 0.42, 0.08, 0.16, 0.76, 0.50, 'fabric', 'fabric', 'oak'),
        (-0.5, 0.30, 0.42, 0.42, 0.14, 0.40, 'photo:stars', 'blue', 'blue'),
        (0.45, 0.30, 0.42, 0.40, 0.14, 0.38, 'photo:grass', 'green', 'green')),
    'low_table': (
        (0, 0.30, 0.40, 0.90, 0.60, 0.04, 'walnut', 'walnut', 'walnut'),
        (-0.38, 0.08, 0, 0.05, 0.05, 0.40, 'walnut', 'walnut', 'walnut'),
        (0.38, 0.08, 0, 0.05, 0.05, 0.40, 'walnut', 'walnut', 'walnut'),
        (-0.38, 0.52, 0, 0.05, 0.05, 0.40, 'walnut', 'walnut', 'walnut'),
        (0.38, 0.52, 0, 0.05, 0.05, 0.40, 'walnut', 'walnut', 'walnut'),
        (-0.2, 0.30, 0.44, 0.30, 0.22, 0.03, 'books', 'white', 'poster:stars'),
        (0.22, 0.36, 0.44, 0.22, 0.30, 0.02, 'books', 'white', 'photo:motorcycle'),
        (0.15, 0.12, 0.44, 0.12, 0.12, 0.10, 'red', 'photo:coffee', 'black')),
    'crates': (
        (0, 0.30, 0, 0.56, 0.46, 0.40, 'carton', 'carton', 'carton'),
        (0.04, 0.28, 0.40, 0.40, 0.36, 0.30, 'photo:gravel', 'carton', 'carton')),
    'planter': (
        (0, 0.20, 0, 0.36, 0.36, 0.34, 'gravel', 'gravel', 'black'),
        (0, 0.20, 0.34, 0.28, 0.28, 0.55, 'grass', 'grass', 'grass'),
        (0.03, 0.22, 0.89, 0.18, 0.20, 0.30, 'grass', 'grass', 'grass')),
    'rug': ((0, 1.1, 0, 3.0, 2.2, 0.012, 'fabric', 'fabric', 'rug'),)}

# piece, x, y, turn in degrees
PLACEMENTS: tuple[Placement, ...] = (  # equal pieces look alike to the last book
    ('bookcase', 0.85, 5.0, 180), ('bookcase', 1.95, 5.0, 180), ('bookcase', 5.2, 5.0, 180),
    ('sofa', 3.6, 5.0, 180), ('desk', 6.0, 1.9, 90), ('chair', 5.0, 2.1, -75),
    ('sideboard', 2.7, 0.0, 0), ('wardrobe', 5.3, 0.0, 0), ('low_table', 3.0, 2.2, 0),
    ('crates', 0.05, 0.55, -90), ('crates', 5.95, 4.2, 90), ('planter', 4.3, 0.05, 0),
    ('planter', 0.05, 4.2, -90), ('chair', 1.5, 0.35, 20), ('rug', 3.0, 1.4, 0))

# material, wall, metres along the wall, height of the lower edge, width, height
PICTURES: tuple[Picture, ...] = (
    ('poster:cat', 'south', 1.75, 1.25, 0.60, 0.80),
    ('poster:cat', 'south', 3.75, 1.25, 0.60, 0.80),
    ('photo:camera', 'south', 2.75, 1.35, 0.70, 0.55), ('cupboard', 'south', 0.55, 0, 0.85, 2.0),
    ('poster:astronaut', 'north', 3.1, 1.20, 0.60, 0.85),
    ('poster:coffee', 'north', 4.1, 1.25, 0.75, 0.60),
    ('noticeboard', 'east', 1.9, 1.25, 1.40, 0.90), ('window', 'east', 3.4, 0.95, 1.10, 1.20),
    ('poster:rocket', 'east', 0.85, 1.30, 0.40, 0.60))
PICTURE_DEPTH_M = 0.02
LAMP_BLOCKS = (  # under the ceiling; the lower face shines
    (1.9, 2.5, 2.64, 0.9, 0.3, 0.06), (4.1, 2.5, 2.64, 0.9, 0.3, 0.06))
