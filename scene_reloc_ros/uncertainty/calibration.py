# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fits the tables of a map on frames that it was not trained on."""

from dataclasses import dataclass

import numpy as np
import torch

from scene_reloc_ros.uncertainty.model import CovarianceModel

MINIMUM_ANSWERS = 6  # right answers on held-out frames, to fit a covariance
_BLOCK_WORTH = 2.0  # independent errors in a block of time: they drift slowly
_LARGEST_NEES = 60.0  # of an answer that still takes part: those beyond are wrong, not uncertain
_ROUNDS = 3
_FREEDOM = 8.0  # of Student's t: errors differ more from block to block than within one
_NORMAL_SCALE = 0.8682  # brings out the covariance where errors are normal after all
# What other maps have shown, as logarithms (mean, deviation): scale of the solver's deviations,
# rotation's scale beside it, floor in metres, floor in rad, growth per unit of view distance.
_PRIOR_MEAN = np.log((14.0, 1.0, 0.006, 0.0027, 0.05))
_PRIOR_DEVIATION = np.array((0.7, 0.2, 0.7, 0.7, 0.7))


@dataclass(frozen=True)
class HeldOutErrors:
    """Right answers on held-out frames."""

    twists: torch.Tensor  # (n, 6) float64: d in true cam_from_map = exp(-d) of the answer
    informations: torch.Tensor  # (n, 6, 6) float64, of the solver
    distances: torch.Tensor  # (n,) float64, from the nearest mapping view, unitless
    blocks: int  # of time that they come from, count


def fit_covariance(errors):
    """Return the CovarianceModel of HeldOutErrors, or None where there are too few.

    Maximum a posteriori of Student's t, so that one bad block does not decide for all; errors of
    one block count as few, because they are alike.
    """
    if len(errors.twists) < MINIMUM_ANSWERS:
        return None
    spreads = torch.linalg.inv(errors.informations)
    kept = torch.ones(len(spreads), dtype=torch.bool)
    values = torch.from_numpy(_PRIOR_MEAN)
    for _ in range(_ROUNDS):
        values = _fit(errors.twists[kept], spreads[kept], errors.distances[kept],
                      _BLOCK_WORTH * errors.blocks)
        nees = _nees(errors.twists, _covariances(values, spreads, errors.distances))
        kept = nees < _LARGEST_NEES
        if int(kept.sum()) < MINIMUM_ANSWERS:
            return None
    scale, rotation, floor_m, floor_rad, growth = values.exp().tolist()
    return CovarianceModel(scale, scale * rotation, floor_m, floor_rad, growth,
                                 len(errors.twists))


def _fit(twists, spreads, distances, worth):
    """Return the logarithms (5,) of the most probable values."""
    mean, deviation = torch.from_numpy(_PRIOR_MEAN), torch.from_numpy(_PRIOR_DEVIATION)
    values = mean.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([values], max_iter=200, line_search_fn='strong_wolfe')

    def loss():
        optimiser.zero_grad()
        covariances = _covariances(values, spreads, distances)
        tails = torch.log1p(_nees(twists, covariances) / (_FREEDOM * _NORMAL_SCALE))
        surprise = ((_FREEDOM + 6) * tails + torch.logdet(covariances)).mean() / 2
        total = worth * surprise + (((values - mean) / deviation) ** 2).sum() / 2
        total.backward()
        return total
    with torch.enable_grad():
        optimiser.step(loss)
    return values.detach()


def _covariances(values, spreads, distances):
    """Return (n, 6, 6), as ``camera_covariance`` has them, differentiable."""
    scale, rotation, floor_m, floor_rad, growth = values.exp()
    scales = torch.stack((scale,) * 3 + (scale * rotation,) * 3)
    shared = torch.stack((floor_m,) * 3 + (floor_rad,) * 3)
    covariances = scales[:, None] * spreads * scales + torch.diag(shared ** 2)
    return covariances * ((1 + growth * distances) ** 2)[:, None, None]


def _nees(twists, covariances):
    return (twists * torch.linalg.solve(covariances, twists[..., None])[..., 0]).sum(-1)
