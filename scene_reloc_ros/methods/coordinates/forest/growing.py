# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Growing a forest with scikit-learn, which only mapping needs."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any

import numpy as np

from scene_reloc_ros.mapping.progress import Deadline, MappingProgress
from scene_reloc_ros.methods.coordinates.forest.sampling import Samples
from scene_reloc_ros.methods.coordinates.forest.trees import Forest, leaf_numbers, leaf_tables

STAGE = 'growing'
_TRIED = 16  # of so many samples one is tried to see how long a tree takes
_LEAST_SAMPLES = 1000  # of such a trial


@dataclass(frozen=True)
class GrowingOptions:
    """How trees are grown."""

    trees: int = 4  # count
    smallest_leaf: int = 4  # samples in a leaf, at least, count
    least_tests: int = 30  # that a node chooses among, count
    comparisons: int = 6_000_000  # samples times tests on a tree's level: a small map tries more
    jobs: int = 1  # threads, count

    def tests_a_node(self, samples: int, tests: int) -> int:
        """Return how many of all tests a node of a tree of so many samples chooses among."""
        return min(max(self.comparisons // samples, self.least_tests), tests)


def grow(samples: Samples, rng: np.random.Generator, options: GrowingOptions | None = None,
         progress: MappingProgress | None = None) -> Forest:
    """Return the Forest grown on Samples; ValueError without scikit-learn.

    Args:
        samples: Samples.
        rng: numpy generator; the same state grows the same forest.
        options: GrowingOptions.
        progress: asked between trees; after its deadline no further one is grown.
    """
    options = options or GrowingOptions()
    trees = _grown(samples, options, int(rng.integers(2 ** 31)), progress or MappingProgress())
    nodes = np.stack([tree.apply(samples.responses) for tree in trees], 1)
    first = np.cumsum([0, *(tree.node_count for tree in trees)])
    leaf = leaf_numbers(np.concatenate([tree.children_left for tree in trees]) < 0)
    leaves = leaf[nodes + first[:-1]]
    feature, threshold, left, right = _flat(trees, first)
    return Forest(first[:-1].astype(np.int32), feature, threshold, left, right, leaf,
                  *leaf_tables(leaves, samples.points))


def affordable(samples: Samples, options: GrowingOptions, deadline: Deadline) -> Samples:
    """Return as many of the Samples, evenly, as a tree can grow on before a deadline.

    A tree of a sixteenth of them is grown to see how long that takes.
    """
    count = len(samples.points)
    if not math.isfinite(deadline.seconds) or count < _TRIED * _LEAST_SAMPLES:
        return samples
    trial = Deadline()
    few = Samples(samples.responses[::_TRIED], samples.points[::_TRIED])
    tests = options.tests_a_node(*samples.responses.shape)
    extra_trees()(1, min_samples_leaf=options.smallest_leaf, max_features=tests,
                  random_state=0).fit(few.responses, few.points)
    # as many comparisons a level, and a few levels more
    whole_s = 1.3 * _TRIED * trial.elapsed_s
    share = min(1.0, deadline.left_s / whole_s)
    step = min(_TRIED, math.ceil(1 / share) if share > 0 else _TRIED)
    return samples if step == 1 else Samples(samples.responses[::step], samples.points[::step])


def extra_trees() -> Any:
    """Return the class of scikit-learn that grows forests; ValueError where it is missing."""
    try:
        from sklearn.ensemble import ExtraTreesRegressor
    except ImportError as error:
        raise ValueError('forest needs scikit-learn to map: pip install scikit-learn') from error
    return ExtraTreesRegressor


def _grown(samples: Samples, options: GrowingOptions, seed: int,
           progress: MappingProgress) -> list[Any]:
    """Return scikit-learn's trees, as many at a time as there are threads."""
    regressor = _regressor(options, samples, seed)
    # a mean of its own keeps the numbers small, whatever the map's origin
    centred = samples.points - samples.points.mean(0)
    for done in range(0, options.trees, options.jobs):
        progress.check(STAGE)
        if done and progress.deadline.passed:
            break
        grown = min(done + options.jobs, options.trees)
        regressor.set_params(n_estimators=grown).fit(samples.responses, centred)
        progress(STAGE, grown / options.trees, f'{grown} of {options.trees} trees')
    return [estimator.tree_ for estimator in regressor.estimators_]


def _regressor(options: GrowingOptions, samples: Samples, seed: int) -> Any:
    """Return scikit-learn's forest, not grown yet; trees are added to those it has."""
    tests = options.tests_a_node(*samples.responses.shape)
    return extra_trees()(options.trees, min_samples_leaf=options.smallest_leaf, max_features=tests,
                         n_jobs=options.jobs, random_state=seed, warm_start=True)


def _flat(trees: list[Any],
          first: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return feature, threshold, left and right (M,) of scikit-learn's trees, one after the other.

    Nodes are numbered through; a leaf has feature 0 and is its own child.
    """
    feature = np.concatenate([np.maximum(tree.feature, 0) for tree in trees])
    threshold = np.concatenate([rounded_down(tree.threshold) for tree in trees])
    left, right = (np.concatenate([
        np.where(children < 0, np.arange(len(children)), children) + start
        for start, children in zip(first, sides)])
        for sides in ([tree.children_left for tree in trees],
                      [tree.children_right for tree in trees]))
    return (feature.astype(np.int32), threshold, left.astype(np.int32), right.astype(np.int32))


def rounded_down(values: np.ndarray) -> np.ndarray:
    """Return the largest float32 (N,) not above values (N,) float64.

    Then a float32 response is below the one exactly where it is below the other.
    """
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)
