# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a map on frames whose poses are known."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from scene_reloc_ros.evaluation.risk_coverage import Judgement
from scene_reloc_ros.geometry.chi_square import nees, NEES_95
from scene_reloc_ros.geometry.pose_error import pose_errors, recall, RECALL_BOUNDS
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.pipeline.localisation import Localisation


@dataclass(frozen=True)
class FrameRecord:
    """One evaluated frame."""

    name: str
    true_map_from_cam: np.ndarray  # (4, 4), metres
    localisation: Localisation
    translation_m: float  # error; infinite where the frame was rejected
    rotation_deg: float  # error; infinite where the frame was rejected
    nees: Optional[float]  # e^T Sigma^-1 e over six dimensions; None where rejected
    attempt: Any  # LocalisationTrace: what was refused as well


@dataclass(frozen=True)
class EvaluationReport:
    """All frames of an evaluation."""

    frames: list

    def summary(self):
        """Return the figures as a dict of plain values.

        Recalls are shares of all frames, a rejected one counts as missed; medians are of the
        accepted frames, None where there are none.
        """
        translation = np.array([record.translation_m for record in self.frames])
        rotation = np.array([record.rotation_deg for record in self.frames])
        accepted = np.isfinite(translation)
        latencies = [record.localisation.latency_ms for record in self.frames]
        nees = [record.nees for record in self.frames if record.nees is not None]
        first = self.frames[0].localisation
        return {
            'frames': len(self.frames), 'accepted': int(accepted.sum()),
            'median_translation_m': _median(translation[accepted]),
            'median_rotation_deg': _median(rotation[accepted]),
            **{name: recall(translation, rotation, bounds)
               for name, bounds in RECALL_BOUNDS.items()},
            'latency_ms': {'median': float(np.median(latencies)),
                           'p95': float(np.percentile(latencies, 95))},
            'nees_mean': float(np.mean(nees)) if nees else None, 'nees_median': _median(nees),
            'nees_within_95': float(np.mean(np.array(nees) < NEES_95)) if nees else None,
            'rejections': self._rejections(),
            'solver': first.solver, 'device': first.device}

    def judgements(self, kind='clean'):
        """Return the Judgements of all frames."""
        return [Judgement.of(kind, record.attempt, record.true_map_from_cam)
                for record in self.frames]

    def _rejections(self):
        return dict(Counter(record.localisation.rejection.name.lower()
                            for record in self.frames if not record.localisation.accepted))


def _median(values):
    return float(np.median(values)) if len(values) else None


def evaluate(localiser, sequence, on_progress=None, depth=False):
    """Localise every frame of a sequence and compare with its pose.

    Args:
        localiser: Localiser.
        sequence: posed images; ValueError names a frame without a pose.
        on_progress: called with (stage, fraction in [0, 1], text).
        depth: use the depth of the frames; ValueError names a frame that has none.
    """
    if not len(sequence):
        raise ValueError('there is no frame to evaluate; give a list that names some')
    localiser.warm_up(sequence.camera)
    records = []
    for index in range(len(sequence)):
        records.append(_evaluated(localiser, sequence[index], depth))
        if on_progress:
            on_progress('localising', (index + 1) / len(sequence), records[-1].name)
    return EvaluationReport(records)


def _evaluated(localiser, frame, depth):
    if frame.map_from_cam is None:
        raise ValueError(f'frame {frame.name} has no pose to compare with; leave it out of the '
                         'list or use scene_reloc localise')
    truth = checked_pose(frame.map_from_cam, frame.name)
    if depth and frame.depth_m is None:
        raise ValueError(f'frame {frame.name} has no depth; evaluate without --depth')
    try:
        attempt = localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
    except ValueError as error:
        raise ValueError(f'frame {frame.name}: {error}') from error
    found = attempt.localisation
    if not found.accepted:
        return FrameRecord(frame.name, truth, found, np.inf, np.inf, None, attempt)
    translation, rotation = (float(e) for e in pose_errors(found.map_from_cam, truth))
    return FrameRecord(frame.name, truth, found, translation, rotation,
                       nees(found.map_from_cam, found.covariance, truth), attempt)
