# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Refinement of pose hypotheses on their inliers, all hypotheses at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.solver.normal_equations import Equations, normal_equations, Scales, View
from scene_reloc_ros.solver.problem import SolverOptions

_CONVERGED = 1e-6  # norm of a step (m, rad) below which nothing changes any more
_DAMPING = 1e-9  # of the diagonal: keeps the equations of a pose without cells regular


@dataclass(frozen=True)
class Refinement:
    """Refined hypotheses and the equations of their last step."""

    poses: torch.Tensor  # (H, 4, 4)
    scales: Scales
    equations: Equations


def refine(poses: torch.Tensor, views: Sequence[View], iterations: int,
           options: SolverOptions) -> Refinement:
    """Return the Refinement of poses (H, 4, 4) by iteratively reweighted Gauss-Newton steps.

    Inliers, their weights and the scales of the residuals are found anew for every step, so that
    all of them converge together (DSAC*, section 3.4, alternates whole refinements instead).
    Poses whose equations are singular or not finite stay where they are. Nothing bounds a step:
    the search ranks poses by the scores that they have afterwards.

    Args:
        poses: (H, 4, 4) float64.
        views: sequence of View.
        iterations: bound on the steps.
        options: SolverOptions.
    """
    scales = Scales.first(poses, options)
    for _ in range(iterations):
        equations = normal_equations(poses, views, scales, options)
        scales = scales.updated(equations)
        step = _step(equations)
        poses = se3_exp(step) @ poses
        if float((step ** 2).sum(-1).amax()) < _CONVERGED ** 2:
            break
    return Refinement(poses, scales, equations)


def _step(equations: Equations) -> torch.Tensor:
    diagonal = torch.diagonal(equations.hessian, dim1=-2, dim2=-1)
    damped = equations.hessian + torch.diag_embed(diagonal * _DAMPING + _DAMPING)
    step, failed = torch.linalg.solve_ex(damped, equations.gradient[..., None])
    step = step[..., 0].masked_fill((failed > 0)[:, None], 0)
    return torch.nan_to_num(-step, 0.0, 0.0, 0.0)
