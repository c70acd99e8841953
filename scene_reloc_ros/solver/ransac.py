# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The RANSAC loop: it knows generate, score and refine, and nothing of what they do."""

from dataclasses import dataclass
import math
from typing import Any

import torch

_GOOD_SHARE = 0.5  # of uncontaminated samples: noise spoils the others


@dataclass(frozen=True)
class Consensus:
    """The best hypothesis of a search."""

    hypothesis: Any
    score: float
    inlier_ratio: float
    samples: int
    second_best: Any  # the best hypothesis that says something else
    second_best_score: float  # 0 where there is none


def samples_needed(inlier_ratio, options):
    """Return how many minimal samples hold a good one that passes its test, with confidence.

    Fischler and Bolles (1981): k = log(1 - p) / log(1 - q), where q is the chance that all three
    cells are inliers, noise leaves their pose good, and one of the test cells is an inlier
    (the T(d,d) test of Matas and Chum, 2004, with one of d).
    """
    ratio = min(max(inlier_ratio, 0.0), 1.0)
    chance = _GOOD_SHARE * ratio ** 3 * (1 - (1 - ratio) ** options.test_cells)
    if chance < 1e-12:
        return options.maximum_samples
    return min(options.maximum_samples,
               math.ceil(math.log(1 - options.confidence) / math.log1p(-chance)))


def search(estimator, draw, options):
    """Return the Consensus of a search, or None where no sample gave a hypothesis.

    Args:
        estimator: has ``generate(samples) -> hypotheses``, ``compare(hypotheses) -> scores`` on
            part of the cells, ``refine(hypotheses) -> hypotheses``, ``score(hypotheses) ->
            (scores, inlier ratios)`` on all cells, and ``differ(hypotheses, one) -> mask``.
        draw: ``draw(count) -> samples``, in the order of an explicit generator.
        options: SolverOptions.
    """
    drawn, needed, batch = 0, options.maximum_samples, options.first_samples
    best = _Refined()
    while drawn < needed:
        batch = min(batch, options.round_samples, options.maximum_samples - drawn)
        hypotheses = estimator.generate(draw(batch))
        drawn += batch
        if len(hypotheses):
            best.add(estimator, _most_promising(estimator, hypotheses, options.refined))
        if best.hypotheses is not None:
            needed = samples_needed(float(best.ratios[0]), options)
        # few hypotheses first: an easy query is over after one round
        batch = min(4 * batch, max(needed - drawn, options.first_samples // 4))
    return None if best.hypotheses is None else best.consensus(estimator, drawn)


def _most_promising(estimator, hypotheses, count):
    """Return the best few by score, the last of them one that differs from the best."""
    if len(hypotheses) <= count:
        return hypotheses
    scores = estimator.compare(hypotheses)
    chosen = torch.topk(scores, count).indices
    others = scores * estimator.differ(hypotheses, hypotheses[chosen[0]])
    chosen[-1] = torch.where(others.amax() > 0, others.argmax(), chosen[-1])
    return hypotheses[chosen]


class _Refined:
    """All refined hypotheses of a search, the best of them first."""

    def __init__(self):
        self.hypotheses = self.scores = self.ratios = None

    def add(self, estimator, hypotheses):
        """Refine hypotheses and rank them among the others."""
        refined = estimator.refine(hypotheses)
        found = refined, *estimator.score(refined)
        if self.hypotheses is not None:
            found = [torch.cat(pair) for pair in zip(
                (self.hypotheses, self.scores, self.ratios), found)]
        order = found[1].argsort(descending=True, stable=True)
        self.hypotheses, self.scores, self.ratios = (values[order] for values in found)

    def consensus(self, estimator, samples):
        """Return the best and how good the best that differs from it is."""
        others = self.scores * estimator.differ(self.hypotheses, self.hypotheses[0])
        second_best = int(others.argmax())
        return Consensus(self.hypotheses[0], float(self.scores[0]), float(self.ratios[0]), samples,
                         self.hypotheses[second_best], float(others[second_best]))
