# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chi-square and NEES: squared errors by their stated covariance, and their quantiles."""

from __future__ import annotations

import math

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import rotation_vector


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


NEES_95 = chi_square_quantile(0.95)  # of an honest covariance, 12.59


def nees(map_from_cam: np.ndarray, covariance: np.ndarray,
         true_map_from_cam: np.ndarray) -> float:
    """Return the normalised estimation error squared, e^T Sigma^-1 e, of a pose.

    Args:
        map_from_cam, true_map_from_cam: (4, 4), metres.
        covariance: (6, 6) of x, y, z (m) and rotations about the axes of the map (rad).
    """
    turned = rotation_vector(map_from_cam[:3, :3] @ true_map_from_cam[:3, :3].T)
    error = np.r_[map_from_cam[:3, 3] - true_map_from_cam[:3, 3], turned]
    return float(error @ np.linalg.solve(covariance, error))


def mahalanobis(errors: torch.Tensor, covariances: torch.Tensor) -> torch.Tensor:
    """Return e^T Sigma^-1 e (n,) of errors (n, 6) with covariances (n, 6, 6), differentiable."""
    return (errors * torch.linalg.solve(covariances, errors[..., None])[..., 0]).sum(-1)
