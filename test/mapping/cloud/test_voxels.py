# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Clouds that are thinned to a bound keep their shape and their colours."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from scene_reloc_ros.mapping.cloud.voxels import voxelised


def random_cloud(count, scale, seed=0):
    """Return points on a plane and their colours: redder to the right."""
    rng = np.random.default_rng(seed)
    points = np.c_[rng.uniform(0, scale, (count, 2)), np.zeros(count)] + 1000.0
    red = (points[:, 0] - 1000.0) / scale * 255
    return points, np.c_[red, np.zeros(count), np.full(count, 9)].round().astype(np.uint8)


def test_few_points_stay_as_they_are():
    points, colours = random_cloud(50, 3.0)
    thinned, kept = voxelised(points, colours, 50)
    np.testing.assert_array_equal(thinned, points)
    np.testing.assert_array_equal(kept, colours)


@given(st.integers(1, 400), st.floats(1e-3, 1e5), st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_there_are_never_more_than_asked_for_nor_far_fewer(most, scale, seed):
    thinned, colours = voxelised(*random_cloud(500, scale, seed), most)
    assert len(thinned) == len(colours) <= most
    assert len(thinned) > 0.4 * most or most < 10


def test_points_stay_on_their_surface_with_the_colour_of_the_place():
    points, colours = random_cloud(20000, 5.0)
    thinned, kept = voxelised(points, colours, 1000)
    np.testing.assert_allclose(thinned[:, 2], 1000.0)
    np.testing.assert_allclose(kept[:, 0], (thinned[:, 0] - 1000.0) / 5.0 * 255, atol=1.5)
    assert (kept[:, 2] == 9).all()
    span = np.ptp(thinned[:, :2], axis=0)
    assert (span > 4.7).all() and (span <= 5.0).all()


def test_points_at_one_place_become_one_and_those_without_a_place_none():
    points = np.array([[1.0, 2, 3]] * 5 + [[np.nan, 0, 0], [0, np.inf, 0]])
    colours = np.full((7, 3), 200, np.uint8)
    thinned, kept = voxelised(points, colours, 2)
    np.testing.assert_array_equal(thinned, [[1.0, 2, 3]])
    np.testing.assert_array_equal(kept, [[200, 200, 200]])
    assert len(voxelised(points[5:], colours[5:], 2)[0]) == 0
