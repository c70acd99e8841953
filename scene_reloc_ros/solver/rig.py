# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The cameras of a solved rig, each by itself: its inliers, its score, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from scene_reloc_ros.solver.information import expected_information
from scene_reloc_ros.solver.normal_equations import normal_equations, Scales, View
from scene_reloc_ros.solver.problem import PoseProblem, RigProblem, SolverOptions, SolverResult
from scene_reloc_ros.solver.residuals import (
    in_camera,
    Observations,
    soft_inlier_score,
    squared_errors,
)

_ROUNDS = 6  # of the fixed point of a scale


@dataclass(frozen=True)
class ViewResult:
    """One camera of a solved rig."""

    result: SolverResult  # its own pose, inliers, score, residuals; the rest is that of the rig
    information: torch.Tensor  # (6, 6) float64 of the twist of the rig, its cells alone
    gradient: torch.Tensor  # (6,) of the same


@torch.no_grad()
def results_by_view(problem: RigProblem, result: SolverResult,
                    options: SolverOptions) -> list[ViewResult]:
    """Return the ViewResult of each camera of a rig at a pose, with the inliers that it has there.

    Args:
        problem: RigProblem that was solved.
        result: SolverResult of it, or another pose in its place.
        options: SolverOptions that it was solved with.
    """
    pose = result.cam_from_map.double().cpu()
    return [_of_view(_on_cpu(view), mount.double().cpu(), replace(result, cam_from_map=pose),
                     options) for view, mount in zip(problem.views, problem.cam_from_rig)]


def _of_view(view: PoseProblem, mount: torch.Tensor, rig: SolverResult,
             options: SolverOptions) -> ViewResult:
    """Return the ViewResult of a camera; its noise is its own, and so is the scale of it."""
    pose, usable = rig.cam_from_map[None], view.usable()
    inliers = torch.zeros(len(view.rays), dtype=torch.bool)
    own = replace(rig, cam_from_map=mount @ rig.cam_from_map, inliers=inliers, score=0.0,
                  second_best_score=0.0)
    if not len(usable):
        return ViewResult(own, pose.new_zeros(6, 6), pose.new_zeros(6))
    cells = Observations.of(view.of(usable), options, torch.float64)
    mounted = View.mounted(cells, mount)
    squared = squared_errors(*in_camera(mounted.seen_from(pose), cells.points_3N), cells, options)
    inliers[usable[squared[0] < options.threshold_px ** 2]] = True
    score = float(soft_inlier_score(squared, options.threshold_px, cells.weights_N))
    scales = Scales(*[pose.new_full((1,), rig.residual_px)] * 2)
    for _ in range(_ROUNDS):
        equations = normal_equations(pose, [mounted], scales, options)
        scales = scales.updated(equations)
    residual_px = float(scales.px)
    own = replace(own, score=score, residual_px=residual_px,
                  second_best_score=rig.second_best_ratio * score)
    return ViewResult(own, expected_information(equations.hessian[0], residual_px, options),
                      expected_information(equations.gradient[0], residual_px, options))


def _on_cpu(problem: PoseProblem) -> PoseProblem:
    depths, weights = (None if values is None else values.cpu()
                       for values in (problem.depths, problem.weights))
    return PoseProblem(problem.rays.cpu(), problem.points.cpu(), problem.focal_px, depths, weights)
