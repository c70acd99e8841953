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
_AS_GOOD = 0.9  # score of the pose of the corrected camera, of that of the stated one, at least
_APART = 0.5  # view novelty from which on what two views tell is independent, unitless
_WINDOW = 30.0  # independent views that are remembered: a camera may be calibrated again


@dataclass(frozen=True)
class CameraFinding:
    """What a query tells of its camera."""

    knowledge: CameraKnowledge  # of this query alone
    doubt: CameraDoubt  # with what was known before
    covariance: np.ndarray  # (6, 6) that it adds to that of the pose's twist


class CameraMemory:
    """What the queries of one camera have told so far: sums that fade, whatever their number."""

    def __init__(self) -> None:
        """Know nothing."""
        self.knowledge = CameraKnowledge.nothing()
        self.views = 0.0  # independent ones that are remembered
        self._last: torch.Tensor | None = None

    def weight_of(self, map_from_cam: torch.Tensor) -> float:
        """Return how much of what a view (4, 4) tells is not known from the one before, 0 to 1."""
        if self._last is None:
            return 1.0
        return min(1.0, float(view_novelty(map_from_cam, self._last[None])[0]) / _APART)

    def add(self, finding: CameraFinding, map_from_cam: np.ndarray) -> None:
        """Remember what a view (4, 4) has told; a view that tells little is left to grow."""
        pose = torch.from_numpy(map_from_cam)
        weight = self.weight_of(pose)
        if weight * _WINDOW < 1:
            return
        kept = 1 - weight / _WINDOW
        self.knowledge = self.knowledge.times(kept) + finding.knowledge.times(weight)
        self.views = kept * self.views + weight
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
        self._options, self._noise = options, noise
        self._right = {own: RightCamera.of(correction, own) for own in (True, False)}

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
        shift = evidence.twist_by_values @ doubt.values
        if doubt.probability > _DOUBTED:
            again = solve(corrected(query.problem, doubt.values))
            if isinstance(again, SolverResult) and again.score > _AS_GOOD * result.score:
                moved = se3_log(again.cam_from_map.cpu() @ invert_pose(result.cam_from_map.cpu()))
                evidence = self._closer(query, again, doubt.values) or evidence
                own, doubt = self._weighed(query, evidence, memory, weight)
                shift = moved.numpy()
        return CameraFinding(own, doubt, doubt.spread(evidence, shift))

    def _closer(self, query: Query, again: SolverResult,
                values: np.ndarray) -> CameraEvidence | None:
        """Return the evidence of a query seen beside values that were taken out of it."""
        found = free_camera(corrected(query.problem, values), again, self._options)
        return None if found is None else found.beside(values)

    def _weighed(self, query: Query, evidence: CameraEvidence, memory: CameraMemory,
                 weight: float) -> tuple[CameraKnowledge, CameraDoubt]:
        own = CameraKnowledge.of(evidence, self._noise)
        return own, doubt_of(memory.knowledge + own.times(weight),
                             self._right[query.own_camera])
