# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Correspondences: a point of each tree for a pixel, less weight where a leaf spreads."""

import numpy as np
import pytest

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.methods.coordinates.forest.correspondences import correspondences
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import DEPTH, PixelTests
from scene_reloc_ros.methods.coordinates.forest.trees import Forest

CAMERA = Camera(40, 30, 500, 500, 19.5, 14.5)
IMAGE = np.full((30, 40, 3), 100, np.uint8)
PIXELS = np.array([[5, 10], [25, 10], [35, 10]])


def forest_of_two():
    """Return a tree that asks whether depth rises ten pixels to the right, and a bare leaf."""
    def whole(*numbers):
        return np.array(numbers, np.int32)
    nothing = np.zeros((3, 5), np.float32)
    spread = np.array([[0], [0.01], [0.03]], np.float32)
    return Forest(whole(0, 3), whole(0, 0, 0, 0), np.zeros(4, np.float32), whole(1, 1, 2, 3),
                  whole(2, 1, 2, 3), whole(-1, 0, 1, 2), np.eye(3, dtype=np.float32),
                  np.concatenate((spread, nothing), 1))


def rise_tests(depth_scaled=True, focal_px=500.0):
    """Return the test of that forest for a camera of some focal length, at 1 m."""
    offsets = np.array([[[10.0, 0], [0, 0]]], np.float32) * np.float32(focal_px / 500)
    channel = DEPTH if depth_scaled else 0
    return PixelTests(offsets, np.full((1, 2), channel, np.uint8), depth_scaled, focal_px)


def step():
    """Return depths that rise from 1 m to 2 m at column 12, with a hole from column 30 on."""
    depth_m = np.full((30, 40), 1.0, np.float32)
    depth_m[:, 12:] = 2.0
    depth_m[:, 30:] = 0.0
    return depth_m


@pytest.mark.parametrize('focal_px', [500.0, 1000.0])
def test_every_tree_gives_a_pixel_with_depth_a_point_and_a_weight(focal_px):
    depth_m = step()
    depth_m[:, 30:] = np.where(np.arange(10) < 4, 2.0, 0.0)
    rows, points, weights = correspondences(forest_of_two(), rise_tests(focal_px=focal_px), IMAGE,
                                            depth_m, CAMERA, PIXELS)
    # the first pixel sees the rise, the second one level, the third has no depth
    assert rows.tolist() == [0, 0, 1, 1]
    assert points.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert np.allclose(weights, [0.5, 0.25, 1, 0.25]) and weights.dtype == np.float32


def test_fixed_tests_take_every_pixel_with_or_without_depth():
    for depth_m in (None, step()):
        rows, points, _ = correspondences(forest_of_two(), rise_tests(False), IMAGE, depth_m,
                                          CAMERA, PIXELS)
        assert rows.tolist() == [0, 0, 1, 1, 2, 2] and points.shape == (6, 3)


def test_a_map_with_depth_refuses_an_image_without():
    with pytest.raises(ValueError, match='made with depth'):
        correspondences(forest_of_two(), rise_tests(), IMAGE, None, CAMERA, PIXELS)


def test_an_image_without_any_depth_has_no_correspondences():
    rows, points, weights = correspondences(forest_of_two(), rise_tests(), IMAGE,
                                            np.zeros((30, 40)), CAMERA, PIXELS)
    assert len(rows) == len(weights) == 0 and points.shape == (0, 3)
