# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures that no place of the map looks like, made of those that do: the hardest strangers."""

import numpy as np

_TILES_PX = (32, 72)  # smallest and largest side: a larger tile is a view of its own


def mirrored(image):
    """Return an image left for right: its textures are known, but no camera sees them so.

    A place that is symmetric in itself looks like that from another side.
    """
    return np.ascontiguousarray(image[:, ::-1])


def shuffled_tiles(image, rng):
    """Return an image cut into square tiles that were laid out anew.

    Args:
        image: (H, W) or (H, W, 3).
        rng: numpy generator.
    """
    side = int(rng.integers(*_TILES_PX))
    rows, columns = (max(1, size // side) for size in image.shape[:2])
    mixed = image.copy()
    corners = [(side * row, side * column) for row in range(rows) for column in range(columns)]
    for (row, column), (v, u) in zip(corners, rng.permutation(corners)):
        mixed[row:row + side, column:column + side] = image[v:v + side, u:u + side]
    return mixed
