# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The RANSAC loop: it knows generate, score and refine, and nothing of what they do."""

from dataclasses import dataclass
import math
from typing import Any

import torch


@dataclass(frozen=True)
class Consensus:
    """The best hypothesis of a search."""

    hypothesis: Any
    score: float
    inlier_ratio: float
    samples: int


def samples_needed(inlier_ratio, confidence, sample_size, bound):
    """Return how many samples hold an uncontaminated one with this confidence.

    Fischler and Bolles (1981): k = log(1 - p) / log(1 - w^n), bounded.
    """
    clean = min(max(inlier_ratio, 0.0), 1.0) ** sample_size
    if clean >= 1:
        return 1
    if clean < 1e-12:
        return bound
    return min(bound, math.ceil(math.log(1 - confidence) / math.log1p(-clean)))


def search(estimator, draw, options):
    """Return the Consensus of a search, or None where no sample gave a hypothesis.

    Args:
        estimator: has ``generate(samples) -> hypotheses``, ``score(hypotheses) -> (scores,
            inlier ratios)``, ``refine(hypotheses) -> hypotheses`` and ``sample_size``.
        draw: ``draw(count) -> samples``, in the order of an explicit generator.
        options: SolverOptions.
    """
    best, drawn, needed, batch = None, 0, options.maximum_samples, options.first_samples
    while drawn < needed:
        batch = min(batch, options.maximum_samples - drawn)
        hypotheses = estimator.generate(draw(batch))
        drawn += batch
        batch *= 2  # few hypotheses first: an easy query is over after one round
        if len(hypotheses):
            best = _better(best, _best_refined(estimator, hypotheses, options.refined), drawn)
        if best is not None:
            needed = samples_needed(best.inlier_ratio, options.confidence,
                                    estimator.sample_size, options.maximum_samples)
    return best


def _best_refined(estimator, hypotheses, count):
    """Refine the best few and return (hypothesis, score, inlier ratio) of the winner."""
    scores, _ = estimator.score(hypotheses)
    chosen = torch.topk(scores, min(count, len(scores))).indices
    refined = estimator.refine(hypotheses[chosen])
    scores, ratios = estimator.score(refined)
    winner = int(scores.argmax())
    return refined[winner], float(scores[winner]), float(ratios[winner])


def _better(best, found, drawn):
    hypothesis, score, ratio = found
    if best is not None and best.score >= score:
        return Consensus(best.hypothesis, best.score, best.inlier_ratio, drawn)
    return Consensus(hypothesis, score, ratio, drawn)
