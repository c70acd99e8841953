# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Evaluation report: accuracy of a map on frames whose poses are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.frame_result import FrameResult, localise_frames, summarise
from scene_reloc_ros.pipeline.localiser import Localiser


@dataclass(frozen=True)
class EvaluationReport:
    """All frames of an evaluation."""

    frames: list[FrameResult]

    def summary(self) -> dict[str, Any]:
        """Return the figures of ``summarise``, latency, solver and device as plain values."""
        latencies = [result.localisation.latency_ms for result in self.frames]
        first = self.frames[0].localisation
        return {
            **summarise(self.frames),
            'latency_ms': {'median': float(np.median(latencies)),
                           'p95': float(np.percentile(latencies, 95))},
            'solver': first.solver, 'device': first.device}


def evaluate(localiser: CameraWatch | Localiser, sequence: Sequence,
             on_progress: Callable[[str, float, str], object] | None = None,
             depth: bool = False) -> EvaluationReport:
    """Localise every frame of a sequence and compare with its pose.

    Args:
        localiser: of the map; to a CameraWatch the frames are a stream.
        sequence: posed images; ValueError names a frame without a pose.
        on_progress: called with (stage, fraction in [0, 1], text).
        depth: use the depth of the frames; ValueError names a frame that has none.
    """
    if not len(sequence):
        raise ValueError('there is no frame to evaluate; give a list that names some')
    localiser.warm_up(sequence.camera)

    def report(fraction: float, name: str) -> None:
        if on_progress:
            on_progress('localising', fraction, name)
    return EvaluationReport(list(localise_frames(localiser, _Complete(sequence, depth), depth,
                                                 report)))


class _Complete:
    """A sequence each of whose frames has what an evaluation needs."""

    def __init__(self, sequence: Sequence, depth: bool):
        self._sequence, self._depth = sequence, depth

    def __len__(self) -> int:
        return len(self._sequence)

    def __getitem__(self, index: int) -> PosedImage:
        frame = self._sequence[index]
        if frame.map_from_cam is None:
            raise ValueError(f'frame {frame.name} has no pose to compare with; leave it out of '
                             'the list or use scene_reloc localise')
        if self._depth and frame.depth_m is None:
            raise ValueError(f'frame {frame.name} has no depth; evaluate without --depth')
        return frame
