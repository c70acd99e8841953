# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Depth at pixels: the nearest one, and no trust in edges and holes."""

import numpy as np

from scene_reloc_ros.geometry.depth import depth_at


def test_depth_is_read_at_the_nearest_pixel():
    ramp = np.tile(np.linspace(2, 2.2, 40, dtype=np.float32), (30, 1))
    pixels = np.array(((10.4, 5.0), (10.6, 5.0), (-3.0, 4.0), (50.0, 99.0)))
    depths, trusted = depth_at(ramp, pixels)
    assert np.array_equal(depths, ramp[0, [10, 11, 0, 39]]) and trusted.all()


def test_holes_and_edges_are_not_trusted():
    depth = np.full((30, 40), 2.0, np.float32)
    depth[:, 20:] = 3.0
    depth[10:12, 5:7] = 0.0
    pixels = np.array(((10.0, 20.0), (19.0, 20.0), (21.0, 20.0), (23.0, 20.0), (5.0, 10.0),
                       (5.0, 9.0), (5.0, 5.0)))
    _, trusted = depth_at(depth, pixels)
    assert trusted.tolist() == [True, False, False, True, False, False, True]
