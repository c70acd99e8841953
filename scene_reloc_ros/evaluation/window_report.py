# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Window report: how often some seconds of frames have an answer together, and how right it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.evaluation.drifting_odometry import DriftingOdometry
from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.frame_result import GROSS_DEG, GROSS_M, median
from scene_reloc_ros.pipeline.localisation import Localisation, LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.sequence.joint_localiser import JointLocaliser, PlacedQuery
from scene_reloc_ros.pipeline.sequence.sequence_window import SequenceWindow, WindowOptions

_MOST_PER_S = 10.0  # frames that are taken: what a robot's computer keeps up with
_STARTS = 4  # windows begin so often in the length of one
_LEAST_SPAN = 0.5  # of its length, that a window has to be to count


@dataclass(frozen=True)
class WindowAnswer:
    """The first answer of a window that was believed."""

    joined: bool  # of several frames; else one was accepted alone
    seconds: float  # since the window began
    translation_m: float
    rotation_deg: float
    nees: float

    @property
    def gross(self) -> bool:
        """Tell whether it is wrong, not inexact."""
        return self.translation_m > GROSS_M or self.rotation_deg > GROSS_DEG


@dataclass
class _Trial:
    """One window while its frames come."""

    begun_ns: int
    window: SequenceWindow
    odometry: DriftingOdometry
    newest_ns: int = 0
    answer: WindowAnswer | None = None

    def take(self, frame: PosedImage, trace: LocalisationTrace) -> None:
        """Take the next frame; after an answer nothing is asked any more."""
        assert frame.map_from_cam is not None and trace.query is not None
        self.newest_ns = frame.stamp_ns
        odom_from_cam = self.odometry.odom_from_cam(frame.stamp_ns, frame.map_from_cam)
        if self.answer is None:
            found = self.window.join(frame.stamp_ns, [PlacedQuery(trace.query)], odom_from_cam,
                                     trace.localisation)
            if found.accepted:
                self.answer = _answer_of(found, frame, (frame.stamp_ns - self.begun_ns) * 1e-9)


def _answer_of(found: Localisation, frame: PosedImage, seconds: float) -> WindowAnswer:
    assert found.map_from_cam is not None and found.covariance is not None
    assert frame.map_from_cam is not None
    translation, rotation = pose_errors(found.map_from_cam, frame.map_from_cam)
    return WindowAnswer(found.joined is not None, seconds, float(translation), float(rotation),
                        nees(found.map_from_cam, found.covariance, frame.map_from_cam))


@dataclass
class WindowReport:
    """All windows of an evaluation."""

    seconds: float
    frames: int = 0
    accepted: int = 0  # of them, alone
    windows: list[WindowAnswer | None] = field(default_factory=list)  # None: no answer

    def summary(self) -> dict[str, Any]:
        """Return the figures as plain values; of errors and NEES where there are answers."""
        answers = [answer for answer in self.windows if answer is not None]
        joined = [answer for answer in answers if answer.joined]
        return {
            'seconds': self.seconds, 'frames': self.frames, 'accepted_alone': self.accepted,
            'windows': len(self.windows), 'answered': len(answers), 'joined': len(joined),
            'gross': sum(answer.gross for answer in answers),
            'median_translation_m': median([answer.translation_m for answer in joined]),
            'median_rotation_deg': median([answer.rotation_deg for answer in joined]),
            'nees_mean': float(np.mean([answer.nees for answer in joined])) if joined else None,
            'median_seconds': median([answer.seconds for answer in joined])}


def judge_windows(localiser: Localiser, options: WindowOptions, frames: Sequence,
                  depth: bool = False, on_progress: Callable[[float, str], object] | None = None,
                  ) -> WindowReport:
    """Return the WindowReport of a sequence, taken as a drive with odometry that drifts.

    Windows overlap; each has a drift of its own, drawn from what the options state.

    Args:
        localiser: of the map.
        options: of the windows.
        frames: posed images in the order of their stamps; at most ten a second are taken.
        depth: use the depth of frames that have it.
        on_progress: called with (fraction in [0, 1], name of the frame) after each.
    """
    report, joint = WindowReport(options.seconds), JointLocaliser(localiser)
    trials: list[_Trial] = []
    for place, index in enumerate(taken := _thinned(frames)):
        frame = frames[index]
        trace = localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
        report.frames += 1
        report.accepted += trace.localisation.accepted
        trials = _running(report, trials, frame.stamp_ns)
        if not trials or frame.stamp_ns - trials[-1].begun_ns >= options.seconds / _STARTS * 1e9:
            trials.append(_Trial(
                frame.stamp_ns, SequenceWindow(joint, options),
                DriftingOdometry(options.odometry, np.random.default_rng(index))))
        for trial in trials:
            trial.take(frame, trace)
        if on_progress:
            on_progress((place + 1) / len(taken), frame.name)
    _running(report, trials, None)
    return report


def _thinned(frames: Sequence) -> list[int]:
    """Return the indices of frames that are far enough apart in time."""
    taken: list[int] = []
    for index in range(len(frames)):
        apart_ns = frames.stamp_ns(index) - frames.stamp_ns(taken[-1]) if taken else None
        if apart_ns is None or apart_ns >= 0.99e9 / _MOST_PER_S:
            taken.append(index)
    return taken


def _running(report: WindowReport, trials: list[_Trial], now_ns: int | None) -> list[_Trial]:
    """Return the windows that go on at a time, None: none does; the others are reported."""
    running = []
    for trial in trials:
        if now_ns is not None and now_ns - trial.begun_ns <= report.seconds * 1e9:
            running.append(trial)
        elif trial.newest_ns - trial.begun_ns >= _LEAST_SPAN * report.seconds * 1e9:
            report.windows.append(trial.answer)
    return running
