# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chi-square consistency of poses with their covariances (NEES, squared Mahalanobis distance)."""

from __future__ import annotations

import math

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import so3_log


def chi_square_quantile(probability: float) -> float:
    """Return the quantile of chi-square with six degrees of freedom.

    Its distribution is 1 - exp(-x/2) (1 + x/2 + x^2/8); the quantile is found by bisection.
    """
    low, high = 0.0, 1000.0
    for _ in range(100):
        x = (low + high) / 2
        below = 1 - math.exp(-x / 2) * (1 + x / 2 + x * x / 8)
        low, high = (x, high) if below < probability else (low, x)
    return (low + high) / 2


NEES_95 = chi_square_quantile(0.95)  # a consistent NEES is below in 95 % of the frames


def nees(map_from_cam: np.ndarray, covariance: np.ndarray,
         true_map_from_cam: np.ndarray) -> float:
    """Return e^T Sigma^-1 e of position (m) and fixed-axis rotation (rad) errors.

    The normalised estimation error squared (Bar-Shalom, Li & Kirubarajan, 2001).

    Args:
        map_from_cam, true_map_from_cam: (4, 4).
        covariance: (6, 6) of x, y, z (m) and rotations about the axes of the map (rad).
    """
    turn = torch.from_numpy(map_from_cam[:3, :3] @ true_map_from_cam[:3, :3].T)
    error = np.r_[map_from_cam[:3, 3] - true_map_from_cam[:3, 3], so3_log(turn).numpy()]
    return float(error @ np.linalg.solve(covariance, error))


def mahalanobis(errors: torch.Tensor, covariances: torch.Tensor) -> torch.Tensor:
    """Return the squared Mahalanobis distances e^T S^-1 e (N,), differentiable.

    Args:
        errors: (N, 6).
        covariances: (N, 6, 6), in the units of the errors.
    """
    return (errors * torch.linalg.solve(covariances, errors[..., None])[..., 0]).sum(-1)
