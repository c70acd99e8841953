# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Growing: our descent is scikit-learn's, the tables are its samples', and it may be missing."""

import sys

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.methods.coordinates.forest.growing import (
    _regressor,
    grow,
    GrowingOptions,
    rounded_down,
)
from scene_reloc_ros.methods.coordinates.forest.sampling import Samples


def random_samples(seed=0, count=500):
    """Return Samples whose points follow from a few of their twenty responses."""
    responses = np.random.default_rng(seed).normal(size=(count, 20)).astype(np.float32)
    return Samples(responses, responses[:, :3] * (1.0, 2.0, 3.0) + 100)


@pytest.fixture
def with_sklearn():
    """Skip where scikit-learn is missing."""
    pytest.importorskip('sklearn', reason='scikit-learn is not installed; only mapping needs it')


@pytest.mark.parametrize('trees', [1, 4])
def test_the_descent_is_that_of_scikit_learn(with_sklearn, trees):
    samples, options = random_samples(), GrowingOptions(trees=trees)
    forest = grow(samples, np.random.default_rng(3), options)
    reference = _regressor(options, samples, int(np.random.default_rng(3).integers(2 ** 31)))
    reference.fit(samples.responses, samples.points - samples.points.mean(0))
    others = random_samples(1).responses
    for responses in (samples.responses, others):
        nodes = reference.apply(responses)
        leaves = forest.leaves_of(responses)
        starts = [*forest.roots, len(forest.leaf)]
        for tree, (start, end) in enumerate(zip(starts, starts[1:])):
            assert np.array_equal(forest.leaf[start:end][nodes[:, tree]], leaves[:, tree])


def test_a_leaf_holds_the_mean_of_its_samples(with_sklearn):
    samples = random_samples()
    forest = grow(samples, np.random.default_rng(3))
    leaves = forest.leaves_of(samples.responses)
    assert np.unique(leaves, return_counts=True)[1].min() >= 4
    held = samples.points[leaves[:, 1] == leaves[7, 1]]
    assert np.allclose(forest.means[leaves[7, 1]], held.mean(0), atol=1e-4)


def test_the_same_generator_grows_the_same_forest(with_sklearn):
    one, same, other = (grow(random_samples(), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one.threshold, same.threshold)
    assert not np.array_equal(one.threshold, other.threshold)


def test_samples_that_are_all_alike_make_trees_of_one_leaf(with_sklearn):
    samples = Samples(np.zeros((50, 20), np.float32), np.ones((50, 3)))
    forest = grow(samples, np.random.default_rng(3))
    assert forest.leaf.tolist() == [0, 1, 2, 3] and np.array_equal(forest.means, np.ones((4, 3)))


def test_trees_are_the_same_however_many_grow_at_a_time(with_sklearn):
    one, two = (grow(random_samples(), np.random.default_rng(3), GrowingOptions(jobs=jobs))
                for jobs in (1, 3))
    assert np.array_equal(one.threshold, two.threshold)


def test_after_the_deadline_no_further_tree_is_grown(with_sklearn):
    progress = MappingProgress(deadline=Deadline(0.0))
    assert len(grow(random_samples(), np.random.default_rng(3), progress=progress).roots) == 1


def test_growing_can_be_cancelled_between_trees(with_sklearn):
    reports = []
    progress = MappingProgress(lambda *report: reports.append(report), lambda: len(reports) == 2)
    with pytest.raises(MappingCancelled, match='growing'):
        grow(random_samples(), np.random.default_rng(3), progress=progress)
    assert reports == [('growing', 0.25, '1 of 4 trees'), ('growing', 0.5, '2 of 4 trees')]


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sklearn.ensemble', None)
    with pytest.raises(ValueError, match='forest needs scikit-learn to map: pip install'):
        grow(random_samples(), np.random.default_rng(0))


@pytest.mark.parametrize('samples, tests', [(1000, 200), (60_000, 100), (10 ** 6, 30)])
def test_a_small_map_tries_more_tests_a_node(samples, tests):
    assert GrowingOptions().tests_a_node(samples, 200) == tests


@given(st.floats(-1000, 1000), st.floats(-1000, 1000, width=32))
def test_a_rounded_threshold_divides_the_same_responses(threshold, response):
    near = rounded_down(np.array([threshold]))
    assert near.dtype == np.float32
    for value in (np.float32(response), np.float32(threshold)):
        assert (value <= near[0]) == (float(value) <= threshold)
