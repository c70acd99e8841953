# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Trees: a descent by hand, tables against numpy, and arrays that form no trees."""

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.methods.coordinates.forest.trees import Forest, leaf_tables


def small_forest():
    """Return two trees: one asks response 0 and then 1, the other is a leaf."""
    def whole(*numbers):
        return np.array(numbers, np.int32)
    return Forest(roots=whole(0, 5), feature=whole(0, 0, 1, 0, 0, 0),
                  threshold=np.array([0.5, 0, -1, 0, 0, 0], np.float32),
                  left=whole(1, 1, 3, 3, 4, 5), right=whole(2, 1, 4, 3, 4, 5),
                  leaf=whole(-1, 0, -1, 1, 2, 3), means=np.eye(4, 3, dtype=np.float32),
                  covariances=np.tile(np.float32([1, 9, 9, 4, 9, 4]), (4, 1)))


def test_a_response_up_to_the_threshold_goes_left():
    responses = np.array([[0.5, 9], [0.6, -1], [0.6, -0.9]], np.float32)
    leaves = small_forest().leaves_of(responses)
    assert leaves.tolist() == [[0, 3], [1, 3], [2, 3]]


def test_no_pixels_have_no_leaves():
    assert small_forest().leaves_of(np.empty((0, 2), np.float32)).shape == (0, 2)


def test_the_spread_is_the_root_of_the_trace():
    assert small_forest().spreads.tolist() == [3, 3, 3, 3]


@given(st.integers(0, 2 ** 32 - 1), st.floats(-1000, 1000))
@settings(max_examples=20, deadline=None)
def test_tables_are_the_means_and_covariances_of_numpy(seed, origin):
    rng = np.random.default_rng(seed)
    points = rng.normal(origin, (1, 0.1, 3), (60, 3))
    leaves = np.stack((np.arange(60) % 5, 5 + np.arange(60) // 20), 1)
    means, covariances = leaf_tables(leaves, points)
    for leaf in range(8):
        held = points[(leaves == leaf).any(1)]
        assert np.allclose(means[leaf], held.mean(0), atol=1e-4)
        assert np.allclose(covariances[leaf], np.cov(held.T)[np.triu_indices(3)], atol=1e-5)


def test_a_leaf_of_one_sample_spreads_by_nothing():
    means, covariances = leaf_tables(np.zeros((1, 1), np.int32), np.array([[1.0, 2, 3]]))
    assert means.tolist() == [[1, 2, 3]] and not covariances.any()


def test_a_forest_survives_as_tensors():
    forest = small_forest()
    again = Forest.from_tensors(forest.tensors())
    assert all(np.array_equal(getattr(again, field.name), getattr(forest, field.name))
               for field in fields(Forest))


@pytest.mark.parametrize('broken', [
    {'left': np.zeros(6, np.int32)},  # a node below itself: a descent would never end
    {'right': np.full(6, 6, np.int32)},
    {'leaf': np.array([-1, 0, -1, 1, 2, 4], np.int32)},
    {'threshold': np.zeros(5, np.float32)},
    {'covariances': np.zeros((3, 6), np.float32)},
])
def test_arrays_that_form_no_trees_are_refused(broken):
    with pytest.raises(ValueError, match='do not form trees'):
        replace(small_forest(), **broken)
