# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How far a localiser can be trusted: what it accepts, what it refuses, and how sure it is."""

from collections import Counter
from dataclasses import dataclass
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.pipeline.map_validation import GROSS_DEG, GROSS_M

GOOD_M, GOOD_DEG = 0.10, 5.0  # an answer within them should be accepted
_BINS = 10  # of probability, in a reliability diagram
_THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True)
class Judgement:
    """One query: what the localiser thought of its best pose, and what that was worth."""

    kind: str  # 'clean', how the frame was changed, or which other place it shows
    probability: float  # that the pose is within the bounds asked for
    accepted: bool
    reason: Optional[str]  # of a refusal
    good: bool  # the best pose, accepted or not, is within GOOD_M and GOOD_DEG
    gross: bool  # it is farther off than GROSS_M or GROSS_DEG, or the place is another

    @classmethod
    def of(cls, kind, attempt, true_map_from_cam):
        """Judge a trace; ``true_map_from_cam`` is None for a picture of another place."""
        found = attempt.localisation
        metres = degrees = np.inf
        if attempt.best is not None and true_map_from_cam is not None:
            metres, degrees = (float(e) for e in pose_errors(attempt.best.map_from_cam,
                                                             true_map_from_cam))
        return cls(kind, found.probability, found.accepted,
                   None if found.accepted else found.rejection.name.lower(),
                   metres <= GOOD_M and degrees <= GOOD_DEG,
                   metres > GROSS_M or degrees > GROSS_DEG)


def judge_frames(localiser, sequence, kind, on_progress=None, depth=False):
    """Return the Judgements of a sequence; frames without a pose show another place.

    Args:
        localiser: Localiser.
        sequence: of PosedImage.
        kind: of all its frames; None takes the word before the first dash of each name.
        on_progress: called with (stage, fraction in [0, 1], text).
        depth: use the depth of frames that have it.
    """
    judged = []
    for index in range(len(sequence)):
        frame = sequence[index]
        attempt = localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
        judged.append(Judgement.of(kind or frame.name.split('-')[0], attempt, frame.map_from_cam))
        if on_progress:
            on_progress(f'judging {kind or "other places"}', (index + 1) / len(sequence),
                        frame.name)
    return judged


def trust_figures(judgements):
    """Return the figures of Judgements as a dict of plain values.

    ``false_accept_rate`` is the share of all queries that were accepted with a gross error;
    ``acceptance_of_good`` that of the good answers that were accepted, None without one.
    """
    kinds = {}
    for kind in dict.fromkeys(j.kind for j in judgements):
        part = [j for j in judgements if j.kind == kind]
        kinds[kind] = {'queries': len(part), 'accepted': sum(j.accepted for j in part),
                       'false_accepts': sum(j.accepted and j.gross for j in part),
                       'good': sum(j.good for j in part),
                       'good_accepted': sum(j.accepted and j.good for j in part),
                       'reasons': dict(Counter(j.reason for j in part if not j.accepted))}
    false_accepts, good, kept = (sum(kind[name] for kind in kinds.values())
                                 for name in ('false_accepts', 'good', 'good_accepted'))
    return {'queries': len(judgements), 'false_accepts': false_accepts,
            'false_accept_rate': false_accepts / max(1, len(judgements)),
            'acceptance_of_good': kept / good if good else None, 'kinds': kinds,
            'reliability': reliability_diagram(judgements),
            'curve': risk_coverage_curve(judgements)}


def reliability_diagram(judgements):
    """Return for each bin of probability its mean, the share of good answers, and the count."""
    probability = np.array([j.probability for j in judgements])
    good = np.array([j.good for j in judgements])
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    return [{'probability': float(probability[bins == number].mean()),
             'good': float(good[bins == number].mean()), 'queries': int((bins == number).sum())}
            for number in range(_BINS) if (bins == number).any()]


def risk_coverage_curve(judgements):
    """Return what other bounds on the probability would accept, by ``trust_figures``' terms."""
    probability = np.array([j.probability for j in judgements])
    good, gross = (np.array([getattr(j, name) for j in judgements]) for name in ('good', 'gross'))
    return [{'probability': bound,
             'false_accept_rate': float((gross & (probability >= bound)).mean()),
             'acceptance_of_good': float((probability[good] >= bound).mean()) if good.any()
             else None} for bound in _THRESHOLDS]
