# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a refined pose is known to: the information of its equations, without their optimism."""

from __future__ import annotations

import math

import torch

from scene_reloc_ros.solver.problem import SolverOptions

_LARGEST_SHARE = 0.4  # of the threshold that a deviation is taken to be: beyond, it is not noise
_ROUNDS = 8  # of a fixed point that gains a digit in each


def expected_information(hessian: torch.Tensor, residual_px: float,
                         options: SolverOptions) -> torch.Tensor:
    """Return the information (6, 6) whose inverse is the covariance of the pose.

    J^T W J of the last step is too large for two reasons, both known for normal noise:
    Student's t with nu degrees of freedom knows (nu + k) / (nu + k + 2) of it for residuals of k
    components (Lange, Little and Taylor, 1989); and leaving out what lies beyond the threshold T
    hides its squares and the pull that it had. With x = T^2 / (2 s^2) and q = exp(-x), the share
    left out, the squares seen are (1 - q - qx) / (1 - q) of all, and an M-estimator that rejects
    beyond T has the variance s^2 / (1 - q - qx) (Huber and Ronchetti, 2009, section 3.2): together
    ((1 - q - qx) / (1 - q))^2 of what the equations claim.

    Args:
        hessian: (6, 6) of the equations, residuals whitened by their scales.
        residual_px: the scale of the inliers' residuals a component, pixels.
        options: SolverOptions.
    """
    freedom = options.kernel ** 2
    return hessian * ((freedom + 2) / (freedom + 4)
                      * _share_seen(residual_px, options.threshold_px) ** 2)


def _share_seen(residual_px: float, threshold_px: float) -> float:
    """Return the share of normal squares that lies within a threshold, given what was seen."""
    share = 1.0
    for _ in range(_ROUNDS):
        deviation = min(residual_px / math.sqrt(share), _LARGEST_SHARE * threshold_px)
        x = threshold_px ** 2 / (2 * max(deviation, 1e-9) ** 2)
        outside = math.exp(-x)
        share = (1 - outside - outside * x) / (1 - outside)
    return share
