# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reading depth images at pixels: no interpolation, and nothing on an edge."""

import numpy as np

_EDGE = 0.05  # largest change of depth two pixels away, ratio


def depth_at(depth_m, pixels):
    """Return depths (N,) at the nearest pixels and whether they can be trusted.

    Args:
        depth_m: (H, W) metres along z, 0 where unknown.
        pixels: (N, 2); those outside are read at the border.

    Returns:
        depths (N,) and a mask (N,): known, and the surface goes on smoothly all around.
    """
    height, width = depth_m.shape
    columns = np.clip(np.round(pixels[:, 0]), 0, width - 1).astype(int)
    rows = np.clip(np.round(pixels[:, 1]), 0, height - 1).astype(int)
    here = depth_m[rows, columns]
    above, below = np.maximum(rows - 2, 0), np.minimum(rows + 2, height - 1)
    left, right = np.maximum(columns - 2, 0), np.minimum(columns + 2, width - 1)
    around = np.stack((depth_m[above, columns], depth_m[below, columns],
                       depth_m[rows, left], depth_m[rows, right]))
    smooth = (np.abs(around - here) < _EDGE * here).all(0)
    return here, (here > 0) & smooth
