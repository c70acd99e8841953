# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What held-out frames say of the depth of queries: how well it agrees, how much it may count."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.depth_correction import AGREEING_M, DepthCorrection, MINIMUM_CELLS
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.query import Query

WEIGHTS = (0.03, 0.1, 0.3, 1.0)  # of a depth beside a pixel that are tried
_BETTER = 0.02  # of the mean logarithm of errors that a larger weight has to be better by
_SEEN_PX = 10.0  # what is farther from where the true pose has it tells nothing, pixels
_LEAST_M, _MOST_M = 0.002, 0.5  # errors beyond count as these, metres
_MOST_FRAMES = 60  # that are tried, count


@dataclass(frozen=True)
class Asked:
    """A held-out frame with its depth, as a query of the localiser that has not seen it."""

    localiser: Localiser
    frame: PosedImage
    query: Query

    def error_m(self, weight: float) -> float:
        """Return the error of the best pose where a depth counts ``weight``, metres."""
        solved = self.localiser.with_map(replace(
            self.localiser.scene_map, depth=replace(self._depth, weight=weight))).solve(self.query)
        if not isinstance(solved, SolverResult):
            return _MOST_M
        pose = invert_pose(solved.cam_from_map.cpu())
        error, _ = pose_errors(pose, torch.as_tensor(self.frame.map_from_cam))
        return float(np.clip(float(error), _LEAST_M, _MOST_M))

    def disagreements(self) -> torch.Tensor:
        """Return by how much depths differ from the points that they show (K,), metres."""
        problem = self.query.problem
        if problem.depths is None:
            return torch.zeros(0)
        cam_from_map = invert_pose(torch.as_tensor(self.frame.map_from_cam).double()).float()
        points, rays, depths = (part.detach().cpu() for part in (
            problem.points, problem.rays, problem.depths))
        seen = points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
        missed = problem.focal_px * (seen[:, :2] / seen[:, 2:] - rays[:, :2]).norm(dim=1)
        shown = (missed < _SEEN_PX) & (seen[:, 2] > 0) & (depths > 0)
        return (seen[:, 2] - depths)[shown]

    @property
    def _depth(self) -> DepthCorrection:
        return self.localiser.scene_map.depth or DepthCorrection()


@dataclass(frozen=True)
class DepthTrial:
    """What was found."""

    agreement: float  # share of what is seen that agrees with its depth
    deviation_m: float  # median difference of what agrees, metres
    weight: float  # of a depth beside a pixel, with which answers are best

    def of(self, depth: DepthCorrection | None) -> DepthCorrection | None:
        """Return a correction that says what was found."""
        return depth and replace(depth, agreement=self.agreement, deviation_m=self.deviation_m,
                                 weight=self.weight)


def depth_trial(asked: list[Asked]) -> DepthTrial | None:
    """Return what held-out frames say of depth, or None where too little of them shows any.

    A depth counts as much as gives the best poses; a little more has to be clearly better.
    """
    away = torch.cat([one.disagreements() for one in asked] or [torch.zeros(0)]).abs()
    if len(away) < MINIMUM_CELLS:
        return None
    agreeing = away < AGREEING_M
    some = [asked[int(i)] for i in np.unique(np.linspace(
        0, len(asked) - 1, min(_MOST_FRAMES, len(asked))).round())]
    best, least = WEIGHTS[0], np.inf
    for weight in WEIGHTS:
        error = float(np.mean([np.log(one.error_m(weight)) for one in some]))
        if error < least - _BETTER:
            best, least = weight, error
    return DepthTrial(float(agreeing.float().mean()),
                      float(away[agreeing].median()) if bool(agreeing.any()) else AGREEING_M, best)
