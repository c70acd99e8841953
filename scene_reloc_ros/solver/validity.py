# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Whether a consensus means anything: more than chance gives, and enough to fix a pose."""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.sampling import MINIMAL

_FALSE_ALARMS = 1e-2  # expected among problems of noise only


def is_chance(problems: Sequence[PoseProblem], inliers: int, samples: int,
              options: SolverOptions) -> bool:
    """Tell whether as many inliers would be found in random cells.

    A random cell of a rig falls near its pixel as easily as one of its camera alone: the areas
    of the cameras do not add up. What counts is the mean chance of all cells (Hoeffding, 1956).

    Args:
        problems: PoseProblems of usable cells.
        inliers: number of inliers among them.
        samples: minimal samples that were drawn.
        options: SolverOptions.
    """
    cells = sum(len(problem.rays) for problem in problems)
    density = sum(len(problem.rays) / max(_area_px(problem), 1.0) for problem in problems)
    return is_expected_by_chance(cells, cells / density, inliers, samples, options)


def is_expected_by_chance(cells: int, area_px: float, inliers: int, samples: int,
                          options: SolverOptions) -> bool:
    """Tell whether as many inliers are expected among random cells.

    The expected number of samples that gather k of n random cells is at most samples C(n, k)
    p^(k - 3), where p is the chance that a random cell falls within the threshold (Moisan and
    Stival, "A probabilistic criterion to detect rigid point matches", IJCV 2004).

    Args:
        cells: number of usable cells.
        area_px: that they cover, pixels^2.
        inliers: number of inliers among them.
        samples: minimal samples that were drawn.
        options: SolverOptions.
    """
    if inliers <= MINIMAL:
        return True
    chance = min(1.0, math.pi * options.threshold_px ** 2 / max(area_px, 1.0))
    choices = (math.lgamma(cells + 1) - math.lgamma(inliers + 1)
               - math.lgamma(cells - inliers + 1))
    expected = math.log(samples) + choices + (inliers - MINIMAL) * math.log(chance)
    return expected > math.log(_FALSE_ALARMS)


def _area_px(problem: PoseProblem) -> float:
    """Return the area that the cells cover, pixels^2."""
    extent = problem.rays[:, :2].amax(0) - problem.rays[:, :2].amin(0)
    return float(extent.prod()) * problem.focal_px ** 2


def is_undetermined(information: torch.Tensor, options: SolverOptions) -> bool:
    """Tell whether cells leave a pose free to move by more than the bounds of the options.

    Args:
        information: (6, 6) of a twist, translation (m) first, then rotation (rad).
        options: SolverOptions.
    """
    covariance, failed = torch.linalg.inv_ex(information)
    variances = torch.diagonal(covariance)
    if int(failed) or not bool(torch.isfinite(variances).all()) or float(variances.min()) <= 0:
        return True
    return (float(variances[:3].max().sqrt()) > options.largest_deviation_m
            or float(variances[3:].max().sqrt()) > math.radians(options.largest_deviation_deg))
