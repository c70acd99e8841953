# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Depth at pixels: the nearest one, and no trust in edges and holes."""

import numpy as np
import pytest

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import (
    depth_at,
    DepthRange,
    known_depth,
    registered_depth,
)


def test_what_a_sensor_has_not_measured_is_unknown():
    raw = np.array([[1500, 0, 65535, 65534]], np.uint16)
    assert known_depth(raw, 1000).tolist() == [[1.5, 0, 0, np.float32(65.534)]]
    metres = np.array([[1.5, np.nan, np.inf, -np.inf, -1, 0, 65535 * 0.001]], np.float32)
    assert known_depth(metres, 1).tolist() == [[1.5, 0, 0, 0, 0, 0, 0]]


def test_what_lies_beyond_the_stated_range_is_unknown():
    stated = DepthRange(0.4, 8.0)
    raw = np.array([[399, 400, 8000, 8001]], np.uint16)
    expected = [[0, np.float32(0.4), 8, 0]]
    assert known_depth(raw, 1000, stated).tolist() == expected
    assert known_depth(raw.astype(np.float32), 1000, stated).tolist() == expected


@pytest.mark.parametrize('bounds', [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, np.nan)])
def test_what_is_no_range_is_refused(bounds):
    with pytest.raises(ValueError, match='expected two distances, the nearer one first'):
        DepthRange(*bounds)


def test_a_depth_that_cannot_be_metres_is_named():
    camera = Camera(64, 48, 50, 50, 32, 24)
    depth = np.full((48, 64), 850.0)
    depth[:20] = 0
    for scale, told in ((1.0, '850'), (1e-6, '0.00085')):
        with pytest.raises(ValueError, match=f'{told} m in the median, so it is not in metres'):
            registered_depth(scale * depth, camera)
    depth[20:] = 60.0  # a lidar in the open
    assert registered_depth(depth, camera).max() == 60
    assert not registered_depth(np.zeros((48, 64)), camera).any()


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


def test_a_depth_of_the_same_view_is_taken_at_any_resolution():
    camera = Camera(640, 480, 500, 500, 320, 240)
    depth = np.full((240, 320), 2.0)
    depth[0, :4] = np.nan, np.inf, -np.inf, -1.0
    taken = registered_depth(depth, camera)
    assert taken.dtype == np.float32 and taken[0, :5].tolist() == [0, 0, 0, 0, 2]
    assert registered_depth(np.ones((480, 640)), camera).shape == (480, 640)


@pytest.mark.parametrize('shape', [(480, 480), (400, 640), (480, 640, 3), (0, 0)])
def test_a_depth_of_another_view_is_refused_with_its_size(shape):
    with pytest.raises(ValueError, match=str(shape[0])):
        registered_depth(np.ones(shape), Camera(640, 480, 500, 500, 320, 240))


@pytest.mark.parametrize('shape', [(1, 1), (6, 8), (7, 9)])
def test_a_depth_of_a_few_pixels_is_no_picture_of_anything(shape):
    with pytest.raises(ValueError, match=f'depth is {shape[1]}x{shape[0]}, no picture of what'):
        registered_depth(np.ones(shape), Camera(640, 480, 500.0, 500.0, 319.5, 239.5))
