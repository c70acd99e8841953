# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The RANSAC loop: it knows generate, score and refine, and nothing of what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Protocol, TypeVar

import torch

from scene_reloc_ros.solver.problem import SolverOptions

_GOOD_SHARE = 0.5  # of uncontaminated samples: noise spoils the others
Samples = TypeVar('Samples', contravariant=True)


class Estimator(Protocol[Samples]):
    """What a search asks of the kind of hypothesis that it looks for; these are tensors (H, ...).

    ``compare`` looks at part of the cells, ``score`` at all of them.
    """

    def generate(self, samples: Samples) -> torch.Tensor: ...  # hypotheses

    def compare(self, poses: torch.Tensor) -> torch.Tensor: ...  # scores (H,)

    def refine(self, poses: torch.Tensor) -> torch.Tensor: ...  # hypotheses

    def score(self, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]: ...  # and ratios

    def differ(self, poses: torch.Tensor, pose: torch.Tensor) -> torch.Tensor: ...  # a mask (H,)


@dataclass(frozen=True)
class Consensus:
    """The best hypothesis of a search."""

    hypothesis: torch.Tensor
    score: float
    inlier_ratio: float
    samples: int
    second_best: torch.Tensor  # the best hypothesis that says something else
    second_best_score: float  # 0 where there is none


def samples_needed(inlier_ratio: float, options: SolverOptions) -> int:
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


def search(estimator: Estimator[Samples], draw: Callable[[int], Samples],
           options: SolverOptions) -> Consensus | None:
    """Return the Consensus of a search, or None where no sample gave a hypothesis.

    Args:
        estimator: Estimator of such hypotheses.
        draw: ``draw(count) -> samples``, in the order of an explicit generator.
        options: SolverOptions.
    """
    drawn, needed, batch = 0, options.maximum_samples, options.first_samples
    best: _Refined | None = None
    while drawn < needed:
        batch = min(batch, options.round_samples, options.maximum_samples - drawn)
        hypotheses = estimator.generate(draw(batch))
        drawn += batch
        if len(hypotheses):
            found = _Refined.of(estimator,
                                _most_promising(estimator, hypotheses, options.refined))
            best = found if best is None else best.joined(found)
        if best is not None:
            needed = samples_needed(float(best.ratios[0]), options)
        # few hypotheses first: an easy query is over after one round
        batch = min(4 * batch, max(needed - drawn, options.first_samples // 4))
    return None if best is None else best.consensus(estimator, drawn)


def _most_promising(estimator: Estimator, hypotheses: torch.Tensor, count: int) -> torch.Tensor:
    """Return the best few by score, the last of them one that differs from the best."""
    if len(hypotheses) <= count:
        return hypotheses
    scores = estimator.compare(hypotheses)
    chosen = torch.topk(scores, count).indices
    others = scores * estimator.differ(hypotheses, hypotheses[chosen[0]])
    chosen[-1] = torch.where(others.amax() > 0, others.argmax(), chosen[-1])
    return hypotheses[chosen]


@dataclass(frozen=True)
class _Refined:
    """All refined hypotheses of a search, the best of them first."""

    hypotheses: torch.Tensor
    scores: torch.Tensor
    ratios: torch.Tensor

    @classmethod
    def of(cls, estimator: Estimator, hypotheses: torch.Tensor) -> _Refined:
        """Refine hypotheses and rank them."""
        refined = estimator.refine(hypotheses)
        return cls(refined, *estimator.score(refined))._ranked()

    def joined(self, other: _Refined) -> _Refined:
        """Return these and others, ranked."""
        return _Refined(torch.cat((self.hypotheses, other.hypotheses)),
                        torch.cat((self.scores, other.scores)),
                        torch.cat((self.ratios, other.ratios)))._ranked()

    def _ranked(self) -> _Refined:
        order = self.scores.argsort(descending=True, stable=True)
        return _Refined(self.hypotheses[order], self.scores[order], self.ratios[order])

    def consensus(self, estimator: Estimator, samples: int) -> Consensus:
        """Return the best and how good the best that differs from it is."""
        others = self.scores * estimator.differ(self.hypotheses, self.hypotheses[0])
        second_best = int(others.argmax())
        return Consensus(self.hypotheses[0], float(self.scores[0]), float(self.ratios[0]), samples,
                         self.hypotheses[second_best], float(others[second_best]))
