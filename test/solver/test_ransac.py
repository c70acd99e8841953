# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The RANSAC loop with an estimator that knows no geometry, and where its samples come from."""

from dataclasses import replace

import pytest
import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.ransac import samples_needed, search
from scene_reloc_ros.solver.sampling import Sampler


class CountingEstimator:
    """Hypotheses are numbers, their score is their value, and tens apart they differ."""

    def __init__(self, ratio):
        self.ratio, self.refined = ratio, []

    def generate(self, samples):
        return samples.float()

    def compare(self, hypotheses):
        return hypotheses

    def score(self, hypotheses):
        return hypotheses, torch.full_like(hypotheses, self.ratio)

    def refine(self, hypotheses):
        self.refined.append(sorted(hypotheses.tolist()))
        return hypotheses + 0.5

    def differ(self, hypotheses, one):
        return (hypotheses - one).abs() >= 10


def test_the_search_refines_the_best_and_the_best_that_differs():
    estimator = CountingEstimator(ratio=1.0)
    options = SolverOptions(first_samples=16, maximum_samples=16, refined=3)
    consensus = search(estimator, lambda count: torch.arange(count), options)
    assert estimator.refined == [[5, 14, 15]]
    assert (consensus.score, consensus.samples, consensus.second_best_score) == (15.5, 16, 5.5)


def test_without_another_answer_there_is_no_rival():
    estimator = CountingEstimator(ratio=1.0)
    options = SolverOptions(first_samples=8, maximum_samples=8, refined=3)
    consensus = search(estimator, lambda count: torch.arange(count), options)
    assert estimator.refined == [[5, 6, 7]]
    assert (consensus.score, consensus.second_best_score) == (7.5, 0)


def test_the_best_of_all_rounds_wins():
    estimator = CountingEstimator(ratio=1e-6)
    values = iter((torch.tensor((9.0, 3.0)), torch.tensor((4.0, 5.0)), torch.empty(0)))
    options = SolverOptions(first_samples=8, maximum_samples=24, round_samples=8)
    assert search(estimator, lambda count: next(values), options).score == 9.5


def test_the_search_goes_on_while_inliers_are_few_and_stops_at_its_bound():
    estimator = CountingEstimator(ratio=1e-6)
    options = SolverOptions(first_samples=8, maximum_samples=100, refined=1)
    assert search(estimator, lambda count: torch.arange(count), options).samples == 100


def test_the_search_without_hypotheses_has_no_answer():
    options = SolverOptions(first_samples=8, maximum_samples=32)
    assert search(CountingEstimator(1.0), lambda count: torch.empty(0), options) is None


def test_the_number_of_samples_follows_fischler_and_bolles():
    options = SolverOptions(confidence=0.99, maximum_samples=10_000)
    # half of the uncontaminated samples are good: (1 - 1/16)^k = 1 %, all but sure of their test
    assert samples_needed(0.5, options) == pytest.approx(72, abs=1)
    assert samples_needed(0.0, options) == 10_000
    assert samples_needed(1.0, options) == 7


def cells(count, **more):
    return PoseProblem(torch.ones(count, 3), torch.zeros(count, 3), 525.0, **more)


def drawn(problems, seed=1, count=500):
    return Sampler(problems, torch.Generator().manual_seed(seed), SolverOptions()).draw(count)


def test_samples_come_from_the_generator_alone():
    first = drawn([cells(50)])[0]
    torch.manual_seed(99)
    second = drawn([cells(50)])[0]
    assert torch.equal(first.minimal, second.minimal) and torch.equal(first.test, second.test)
    assert first.minimal.shape == (500, 3) and first.test.shape == (500, 16)
    assert set(first.minimal.flatten().tolist()) == set(range(50))


def test_minimal_cells_are_drawn_in_proportion_to_their_weights():
    weights = torch.ones(10)
    weights[3], weights[7] = 6, 0
    sample = drawn([cells(10, weights=weights)])[0]
    share = torch.bincount(sample.minimal.flatten(), minlength=10) / 1500
    assert float(share[3]) == pytest.approx(6 / 14, abs=0.05) and float(share[7]) == 0


def test_minimal_cells_have_a_depth_where_enough_cells_have_one():
    depths = torch.zeros(100)
    depths[20:60] = 2.0
    sample = drawn([cells(100, depths=depths)])[0]
    assert sample.measured
    assert int(sample.minimal.min()) >= 20 and int(sample.minimal.max()) < 60
    assert int(sample.test.max()) > 60
    few = replace(cells(100), depths=torch.where(torch.arange(100) < 5, depths + 2, 0 * depths))
    assert not drawn([few])[0].measured


def test_the_cameras_of_a_rig_share_the_samples_by_their_cells():
    small, large = drawn([cells(100), cells(300)])
    assert len(small.minimal) + len(large.minimal) == 500
    assert len(large.minimal) == pytest.approx(375, abs=40)
    assert int(large.minimal.max()) > 100 > int(small.minimal.max())
