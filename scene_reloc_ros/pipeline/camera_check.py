# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The check of a solved query's camera: does its calibration fit, and what if it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import invert_pose, se3_log
from scene_reloc_ros.solver.free_camera import CameraEvidence, corrected, free_camera
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.uncertainty.calibration import (
    CameraDoubt,
    CameraKnowledge,
    doubt_of,
    RightCamera,
)
from scene_reloc_ros.uncertainty.model import CameraNoise
from scene_reloc_ros.uncertainty.query import Query

Solve: TypeAlias = Callable[[PoseProblem], SolverResult | SolverRejection]

_DOUBTED = 0.02  # probability of a wrong calibration from which on it is looked at closely
_SURPRISING, _SURPRISING_OTHER = 11.0, 5.0  # so does chi-square, of the map's camera or another
_ENOUGH, _CLEARED = 4.0, 0.01  # views, and probability, that clear another camera than the map's
_LOOKS = 3  # at a query, at most
_AS_GOOD = 0.9  # score of the pose of the corrected camera, of that of the stated one, at least
_APART = 0.5  # view novelty from which on what two views tell is independent, unitless
_WINDOW = 30.0  # independent views that are remembered: a camera may be calibrated again


@dataclass(frozen=True)
class CameraFinding:
    """What a query tells of its camera."""

    knowledge: CameraKnowledge  # of this query alone
    doubt: CameraDoubt  # with what was known before
    covariance: np.ndarray  # (6, 6) that it adds to that of the pose's twist


@dataclass(frozen=True)
class _Look:
    """A query solved again as another camera would see it."""

    values: np.ndarray  # (4,) of FREED, that were taken out
    result: SolverResult


class CameraMemory:
    """What the queries of one camera have told so far: sums that fade, whatever their number."""

    def __init__(self) -> None:
        """Know nothing."""
        self.knowledge = CameraKnowledge.nothing()
        self._last: torch.Tensor | None = None

    def weight_of(self, map_from_cam: torch.Tensor) -> float:
        """Return how much of what a view (4, 4) tells is not known from the one before, 0 to 1."""
        if self._last is None:
            return 1.0
        return min(1.0, float(view_novelty(map_from_cam, self._last[None])[0]) / _APART)

    def settled(self, doubt: CameraDoubt) -> bool:
        """Tell whether enough views have shown that a camera is right."""
        return self.knowledge.views >= _ENOUGH and doubt.probability < _CLEARED

    def add(self, finding: CameraFinding, map_from_cam: np.ndarray) -> None:
        """Remember what a view (4, 4) has told; a view that tells little is left to grow."""
        pose = torch.from_numpy(map_from_cam)
        weight = self.weight_of(pose)
        if weight * _WINDOW < 1:
            return
        kept = 1 - weight / _WINDOW
        self.knowledge = self.knowledge.times(kept) + finding.knowledge.times(weight)
        self._last = pose


class CameraCheck:
    """Weighs what the pictures of a map's queries say of their cameras."""

    def __init__(self, options: SolverOptions, noise: CameraNoise, correction: Sequence[float]):
        """Take what the map knows.

        Args:
            options: of its solver.
            noise: of the map.
            correction: values (5,) of its CameraRefinement.
        """
        self._options, self._noise, self._correction = options, noise, correction

    def examine(self, query: Query, result: SolverResult, solve: Solve,
                memory: CameraMemory) -> CameraFinding | None:
        """Return the CameraFinding of a solved query, None where it has too few cells to tell.

        Where there is reason to doubt, the query is solved again with the camera as it seems to
        be: only beside that pose do its cells say how far the stated one is off.

        Args:
            query: what was solved.
            result: its pose, of the camera as stated.
            solve: of problems like it.
            memory: of queries before.
        """
        evidence = free_camera(query.problem, result, self._options)
        if evidence is None:
            return None
        weight = memory.weight_of(invert_pose(result.cam_from_map.cpu()))
        own, doubt = self._weighed(query, evidence, memory, weight)
        shift, score = evidence.twist_by_values @ doubt.values, _AS_GOOD * result.score
        for _ in range(_LOOKS):
            look = self._look(query, doubt, solve, score, memory.settled(doubt))
            if look is None:
                break
            before, score = doubt, look.result.score
            evidence = self._evidence_at(query, look) or evidence
            own, doubt = self._weighed(query, evidence, memory, weight)
            shift = se3_log(look.result.cam_from_map.cpu()
                            @ invert_pose(result.cam_from_map.cpu())).numpy()
            if (np.abs(doubt.values - before.values) < doubt.deviations).all():
                break
        return CameraFinding(own, doubt, doubt.spread(evidence, shift))

    @staticmethod
    def _look(query: Query, doubt: CameraDoubt, solve: Solve, score: float,
              settled: bool) -> _Look | None:
        """Return the best solution of a query with a camera that it may have, at least as good.

        Where there is little doubt nothing is tried: right cameras shall cost no time. Steps from
        a wrong pose are too short, for the cells that agree with it are those it explains: twice
        the step is tried too, and whether the camera is that of the map after all.
        """
        surprising = _SURPRISING if query.own_camera else _SURPRISING_OTHER
        tried = [doubt.values, 2 * doubt.values]
        if doubt.probability < _DOUBTED and doubt.squared < surprising:
            tried = []
        if query.if_own is not None and not settled:
            tried.append(np.array(query.if_own))
        found = [_Look(values, result) for values in tried for result in
                 [solve(corrected(query.problem, values))] if isinstance(result, SolverResult)]
        best = max(found, key=lambda look: look.result.score, default=None)
        return best if best is not None and best.result.score >= score else None

    def _evidence_at(self, query: Query, look: _Look) -> CameraEvidence | None:
        """Return the evidence of a query seen beside values that were taken out of it."""
        found = free_camera(corrected(query.problem, look.values), look.result, self._options)
        return None if found is None else found.beside(look.values)

    def _weighed(self, query: Query, evidence: CameraEvidence, memory: CameraMemory,
                 weight: float) -> tuple[CameraKnowledge, CameraDoubt]:
        own = CameraKnowledge.of(evidence, self._noise)
        right = RightCamera.of(self._correction, query.own_camera, query.if_own)
        return own, doubt_of(memory.knowledge + own.times(weight), right)
