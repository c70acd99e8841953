# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Risk and coverage: what a localiser accepts, what it refuses, and how sure it is.

Selective prediction: the share of wrong answers that are accepted (risk) beside that of good ones
(coverage), and whether stated probabilities come true (reliability).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scene_reloc_ros.pipeline.frame_result import FrameResult

_BINS = 10  # of probability, in a reliability diagram
_THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True)
class Group:
    """Results that are counted together."""

    kind: str  # 'clean', how the frames were changed, or which other place they show
    results: Sequence[FrameResult]

    def figures(self) -> dict[str, Any]:
        """Return their counts."""
        return {'queries': len(self.results),
                'accepted': sum(r.accepted for r in self.results),
                'false_accepts': sum(r.accepted and r.gross for r in self.results),
                'good': sum(r.good for r in self.results),
                'good_accepted': sum(r.accepted and r.good for r in self.results),
                'reasons': dict(Counter(r.reason for r in self.results if not r.accepted))}


def by_name(results: Sequence[FrameResult]) -> list[Group]:
    """Return groups by the word before the first dash of the frames' names."""
    groups: dict[str, list[FrameResult]] = {}
    for result in results:
        groups.setdefault(result.name.split('-')[0], []).append(result)
    return [Group(kind, part) for kind, part in groups.items()]


def trust_figures(groups: Sequence[Group]) -> dict[str, Any]:
    """Return the figures of groups of results as a dict of plain values.

    ``false_accept_rate`` is the share of all queries that were accepted with a gross error;
    ``acceptance_of_good`` that of the good answers that were accepted, None without one.
    """
    kinds = {group.kind: group.figures() for group in groups}
    results = [result for group in groups for result in group.results]
    false_accepts, good, kept = (sum(kind[name] for kind in kinds.values())
                                 for name in ('false_accepts', 'good', 'good_accepted'))
    return {'queries': len(results), 'false_accepts': false_accepts,
            'false_accept_rate': false_accepts / max(1, len(results)),
            'acceptance_of_good': kept / good if good else None, 'kinds': kinds,
            'reliability': reliability_diagram(results),
            'curve': risk_coverage_curve(results)}


def reliability_diagram(results: Sequence[FrameResult]) -> list[dict[str, Any]]:
    """Return for each bin of probability its mean, the share of good answers, and the count."""
    probability = _probabilities(results)
    good = np.array([result.good for result in results])
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    return [{'probability': float(probability[bins == number].mean()),
             'good': float(good[bins == number].mean()), 'queries': int((bins == number).sum())}
            for number in range(_BINS) if (bins == number).any()]


def risk_coverage_curve(results: Sequence[FrameResult]) -> list[dict[str, Any]]:
    """Return what other bounds on the probability would accept, by ``trust_figures``' terms."""
    probability = _probabilities(results)
    good = np.array([result.good for result in results])
    gross = np.array([result.gross for result in results])
    return [{'probability': bound,
             'false_accept_rate': float((gross & (probability >= bound)).mean()),
             'acceptance_of_good': float((probability[good] >= bound).mean()) if good.any()
             else None} for bound in _THRESHOLDS]


def _probabilities(results: Sequence[FrameResult]) -> np.ndarray:
    return np.array([result.localisation.probability for result in results])
