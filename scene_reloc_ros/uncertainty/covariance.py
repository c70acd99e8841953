# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pose covariance: the model that calibrates the solver's, its fit, and its form for ROS."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import TypeAlias

import numpy as np
import torch

from scene_reloc_ros.geometry.chi_square import mahalanobis
from scene_reloc_ros.uncertainty.model import CovarianceModel

Scalar: TypeAlias = float | torch.Tensor  # a tensor where the fit differentiates it

MINIMUM_ANSWERS = 6  # right answers on held-out frames, to fit a covariance
_BLOCK_WORTH = 2.0  # independent errors in a block of time: they drift slowly
_LARGEST_NEES = 60.0  # of an answer that still takes part: those beyond are wrong, not uncertain
_ROUNDS = 3
_FREEDOM = 8.0  # of Student's t: errors differ more from block to block than within one
_NORMAL_SCALE = 0.8682  # brings out the covariance where errors are normal after all
# What other maps have shown, as logarithms (mean, deviation): scale of the solver's deviations,
# rotation's scale beside it, floor in metres, floor in rad, growth per unit of view novelty.
_PRIOR_MEAN = np.log((14.0, 1.0, 0.006, 0.0027, 0.05))
_PRIOR_DEVIATION = np.array((0.7, 0.2, 0.7, 0.7, 0.7))


def camera_covariance(information: torch.Tensor, novelty: Scalar,
                      model: CovarianceModel) -> torch.Tensor:
    """Return calibrated covariances (..., 6, 6) of the twist d in exp(d) cam_from_map.

    Args:
        information: (..., 6, 6) float64 of the twist, as if every cell were independent.
        novelty: (...) from the nearest mapping view (``view_novelty``), unitless.
        model: of the map.
    """
    return _calibrated(_solver_covariance(information), novelty, (
        model.translation_scale, model.rotation_scale, model.floor_m, model.floor_rad,
        model.growth))


def _solver_covariance(information: torch.Tensor) -> torch.Tensor:
    """Return the inverse (..., 6, 6), of what is not determined large instead of infinite."""
    return torch.linalg.inv(information + torch.eye(6, dtype=information.dtype) * 1e-9)


def _calibrated(covariance: torch.Tensor, novelty: Scalar,
                values: tuple[Scalar, ...]) -> torch.Tensor:
    """Return the solver's covariances (..., 6, 6) scaled, with what all cells share, and grown.

    Args:
        covariance: (..., 6, 6) of the solver.
        novelty: (...).
        values: those of a CovarianceModel in its order, differentiable.
    """
    translation, rotation, floor_m, floor_rad, growth = values
    scale, shared = (
        torch.stack([torch.as_tensor(value, dtype=covariance.dtype) for value in pair])
        .repeat_interleave(3) for pair in ((translation, rotation), (floor_m, floor_rad)))
    grown = torch.as_tensor((1 + growth * novelty) ** 2, dtype=covariance.dtype)
    spread = scale[:, None] * covariance * scale + torch.diag(shared ** 2)
    return symmetric(spread) * grown[..., None, None]


def with_ray_deviation(covariance: torch.Tensor, deviation_m: float) -> torch.Tensor:
    """Return a covariance (6, 6) of the twist with what unknown depths of points add to it.

    Seen from where they were mapped, points that are off along their rays do no harm. A camera
    that is elsewhere takes over their error, of its distance from there.

    Args:
        covariance: of the twist: translation (m) first, then rotation (rad).
        deviation_m: of every axis of the translation, metres.
    """
    shared = torch.zeros(6, dtype=covariance.dtype)
    shared[:3] = deviation_m ** 2
    return covariance + shared.diag()


def map_covariance(cam_from_map: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """Return the covariance (6, 6) of map_from_cam: x, y, z, then rotations about x, y, z.

    The twist d moves the camera in its own frame, exp(d) cam_from_map; to first order
    map_from_cam moves by -d seen from the map: both halves are turned by its rotation. The
    rotations are about the fixed axes of the map (REP-103), at the camera's position.

    Args:
        cam_from_map: (4, 4) float64.
        covariance: (6, 6) float64 of the twist: translation (m) first, then rotation (rad).
    """
    turn = torch.block_diag(cam_from_map[:3, :3].T, cam_from_map[:3, :3].T)
    return symmetric(turn @ covariance @ turn.T)


def symmetric(matrix: torch.Tensor) -> torch.Tensor:
    """Return the symmetric part of matrices (..., N, N)."""
    return (matrix + matrix.mT) / 2


def probability_within(covariance: torch.Tensor, bound_m: float, bound_deg: float) -> float:
    """Return the probability that a normal error lies within both bounds.

    Each squared norm is a sum of squares of different sizes, taken as a gamma distribution of the
    same mean and variance (Satterthwaite, 1946; Welch, 1947); the two are taken as independent,
    which is on the safe side: they grow together.

    Args:
        covariance: (6, 6): position (m) first, then rotation (rad).
        bound_m: of the position's error, metres.
        bound_deg: of the rotation's error, degrees.
    """
    return (_norm_below(covariance[:3, :3], bound_m)
            * _norm_below(covariance[3:, 3:], math.radians(bound_deg)))


def _norm_below(covariance: torch.Tensor, bound: float) -> float:
    mean = covariance.trace()
    half_variance = (covariance ** 2).sum()  # of the squared norm
    shape = mean ** 2 / (2 * half_variance)
    return float(torch.special.gammainc(shape, bound ** 2 * mean / (2 * half_variance)))


@dataclass(frozen=True)
class HeldOutErrors:
    """Right answers on held-out frames."""

    twists: torch.Tensor  # (n, 6) float64: d in true cam_from_map = exp(-d) of the answer
    informations: torch.Tensor  # (n, 6, 6) float64, of the solver
    novelties: torch.Tensor  # (n,) float64, from the nearest mapping view, unitless
    blocks: int  # of time that they come from, count

    def covariances(self, values: torch.Tensor) -> torch.Tensor:
        """Return (n, 6, 6) by the logarithms (5,) of the values of a fit, differentiable."""
        scale, rotation, *others = values.exp()
        return _calibrated(_solver_covariance(self.informations), self.novelties,
                           (scale, scale * rotation, *others))

    def only(self, kept: torch.Tensor) -> HeldOutErrors:
        """Return those of a mask (n,)."""
        return HeldOutErrors(self.twists[kept], self.informations[kept], self.novelties[kept],
                             self.blocks)


def fit_covariance(errors: HeldOutErrors) -> CovarianceModel | None:
    """Return the CovarianceModel of some errors, or None where there are too few.

    Maximum a posteriori of Student's t, so that one bad block does not decide for all; errors of
    one block count as few, because they are alike.
    """
    if len(errors.twists) < MINIMUM_ANSWERS:
        return None
    kept = torch.ones(len(errors.twists), dtype=torch.bool)
    values = torch.from_numpy(_PRIOR_MEAN)
    for _ in range(_ROUNDS):
        values = _fit(errors.only(kept))
        kept = mahalanobis(errors.twists, errors.covariances(values)) < _LARGEST_NEES
        if int(kept.sum()) < MINIMUM_ANSWERS:
            return None
    scale, rotation, floor_m, floor_rad, growth = values.exp().tolist()
    return CovarianceModel(scale, scale * rotation, floor_m, floor_rad, growth,
                           len(errors.twists))


def _fit(errors: HeldOutErrors) -> torch.Tensor:
    """Return the logarithms (5,) of the most probable values."""
    mean, deviation = torch.from_numpy(_PRIOR_MEAN), torch.from_numpy(_PRIOR_DEVIATION)
    values = mean.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([values], max_iter=200, line_search_fn='strong_wolfe')
    worth = _BLOCK_WORTH * errors.blocks

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        covariances = errors.covariances(values)
        tails = torch.log1p(mahalanobis(errors.twists, covariances)
                            / (_FREEDOM * _NORMAL_SCALE))
        surprise = ((_FREEDOM + 6) * tails + torch.logdet(covariances)).mean() / 2
        total = worth * surprise + (((values - mean) / deviation) ** 2).sum() / 2
        total.backward()
        return total
    with torch.enable_grad():
        optimiser.step(loss)
    return values.detach()
