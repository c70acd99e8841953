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
            part of the cells, ``refine(hypotheses) -> hypotheses`` and ``score(hypotheses) ->
            (scores, inlier ratios)`` on all cells.
        draw: ``draw(count) -> samples``, in the order of an explicit generator.
        options: SolverOptions.
    """
    best, drawn, needed, batch = None, 0, options.maximum_samples, options.first_samples
    while drawn < needed:
        batch = min(batch, options.round_samples, options.maximum_samples - drawn)
        hypotheses = estimator.generate(draw(batch))
        drawn += batch
        if len(hypotheses):
            best = _better(best, _best_refined(estimator, hypotheses, options.refined), drawn)
        if best is not None:
            needed = samples_needed(best.inlier_ratio, options)
        # few hypotheses first: an easy query is over after one round
        batch = min(4 * batch, max(needed - drawn, options.first_samples // 4))
    return best


def _best_refined(estimator, hypotheses, count):
    """Refine the best few and return (hypothesis, score, inlier ratio) of the winner."""
    if len(hypotheses) > count:
        hypotheses = hypotheses[torch.topk(estimator.compare(hypotheses), count).indices]
    refined = estimator.refine(hypotheses)
    scores, ratios = estimator.score(refined)
    winner = int(scores.argmax())
    return refined[winner], float(scores[winner]), float(ratios[winner])


def _better(best, found, drawn):
    hypothesis, score, ratio = found
    if best is not None and best.score >= score:
        return Consensus(best.hypothesis, best.score, best.inlier_ratio, drawn)
    return Consensus(hypothesis, score, ratio, drawn)
