# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Second-best pose (ratio test): another place that explains what the best leaves unexplained.

Two corners that look alike make a network answer with the coordinates of one in some cells and of
the other in the rest. The solver's own second best explains the same cells as its best; this one
the other cells, and no repeated pattern hides behind the best pose.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    RigProblem,
    SolverFunction,
    SolverOptions,
    SolverResult,
)

_SAMPLES = 2048  # minimal samples, count: a second best that matters is found by far fewer


def with_second_best(solve: SolverFunction, problem: PoseProblem | RigProblem,
                     result: SolverResult, generator: torch.Generator,
                     options: SolverOptions) -> SolverResult:
    """Return a SolverResult whose second best is that among the cells left unexplained, if better.

    Args:
        solve: the solver's function.
        problem: PoseProblem or RigProblem.
        result: SolverResult of it.
        generator: CPU torch.Generator.
        options: SolverOptions; poses within its mode bounds are the same.
    """
    other = solve(_unexplained(problem, result.inliers), generator,
                  replace(options, maximum_samples=_SAMPLES))
    if not isinstance(other, SolverResult) or _is_same(other, result, options):
        return result
    return replace(result, second_best_score=max(result.second_best_score, other.score))


def _unexplained(problem: PoseProblem | RigProblem,
                 inliers: torch.Tensor) -> PoseProblem | RigProblem:
    """Return a problem without its inliers (N,)."""
    if isinstance(problem, RigProblem):
        return replace(problem, views=tuple(
            view.without(part) for view, part in zip(problem.views, problem.split(inliers))))
    return problem.without(inliers)


def _is_same(other: SolverResult, result: SolverResult, options: SolverOptions) -> bool:
    """Return whether two results are one pose, within the mode bounds."""
    moved, turned = pose_errors(invert_pose(other.cam_from_map.cpu()),
                                invert_pose(result.cam_from_map.cpu()))
    return float(moved) <= options.mode_distance_m and float(turned) <= options.mode_angle_deg
