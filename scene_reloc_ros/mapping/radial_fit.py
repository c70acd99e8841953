# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Radial distortion from matched views: points meet their epipolar lines, poses being given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import corrected_rays
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.view_matching import match_views, MatchingOptions, ViewMatches
from scene_reloc_ros.network.preprocessing import grey_image

STAGE = 'matching'
_ITERATIONS = 30
_EXPECTED = 0.05  # deviation of a value of the correction that is nothing unusual, unitless
_PAIR_WORTH = 10.0  # independent matches of a pair: its pose errs for all of them together
_LEAST_PAIRS = 15
_KERNEL_PX = 1.0  # scale of the Cauchy kernel, pixels


def fit_radial_distortion(frames: PosedFrames, cam_from_map: torch.Tensor,
                          options: MatchingOptions, rng: np.random.Generator,
                          progress: MappingProgress) -> DistortionFit | None:
    """Return the DistortionFit of posed frames of one camera, or None where they do not tell.

    Args:
        frames: posed images.
        cam_from_map: (F, 4, 4) float64 of all frames.
        options: of the matching.
        rng: of the pairs.
        progress: matching ends at its deadline, with the pairs found by then.
    """
    camera = frames[0].camera

    def keep_going(done: int) -> bool:
        progress(STAGE, done / options.pairs, f'{done} of {options.pairs} pairs')
        return not progress.deadline.passed

    matches = match_views(lambda index: grey_image(frames[index].image),
                          lambda pixels: camera.rays(pixels)[:, :2],
                          invert_pose(cam_from_map).numpy(), rng, options, keep_going)
    return fit_distortion(matches, camera.focal)


@dataclass(frozen=True)
class DistortionFit:
    """What a fit found."""

    values: torch.Tensor  # (5,) of a CameraRefinement, float64
    pairs: int
    before_px: float  # median distance to the epipolar lines, pixels
    after_px: float

    def described(self) -> dict[str, Any]:
        """Return plain values for people."""
        return {'pairs': self.pairs, 'before_px': self.before_px, 'after_px': self.after_px,
                'radial': float(self.values[4])}


def fit_distortion(matches: ViewMatches, focal_px: float) -> DistortionFit | None:
    """Return the DistortionFit of ViewMatches, or None where there are too few to tell.

    Levenberg-Marquardt on the Sampson distances (Hartley and Zisserman, 2004, section 11.4.3)
    with a Cauchy kernel and a prior that nothing has to be corrected: no depth is needed, and
    errors of single poses average out over the pairs.
    """
    if matches.pairs < _LEAST_PAIRS:
        return None
    first, second, essential = (torch.from_numpy(part).double() for part in (
        matches.first, matches.second, matches.essential))

    def distances(values: torch.Tensor) -> torch.Tensor:
        return focal_px * sampson_distances(values, first, second, essential)

    share = _PAIR_WORTH * matches.pairs / len(first)
    values = _minimise(distances, share)
    before, after = (float(distances(given).abs().median())
                     for given in (torch.zeros_like(values), values))
    return DistortionFit(values, matches.pairs, before, after)


def sampson_distances(values: torch.Tensor, first: torch.Tensor, second: torch.Tensor,
                      essential: torch.Tensor) -> torch.Tensor:
    """Return signed first-order distances (N,) to the epipolar constraint, of unit focal length.

    Args:
        values: (5,) of a CameraRefinement.
        first, second: (N, 2) rays of the given calibration where z = 1.
        essential: (N, 3, 3), first^T E second = 0.
    """
    a, b = (torch.nn.functional.pad(corrected_rays(values, rays), (0, 1), value=1.0)
            for rays in (first, second))
    line_first = (essential @ b[..., None])[..., 0]
    line_second = (essential.transpose(1, 2) @ a[..., None])[..., 0]
    gradient = (line_first[:, :2] ** 2).sum(1) + (line_second[:, :2] ** 2).sum(1)
    return (a * line_first).sum(1) / gradient.clamp_min(1e-18).sqrt()


def _minimise(distances: Callable[[torch.Tensor], torch.Tensor], share: float) -> torch.Tensor:
    values = torch.zeros(5, dtype=torch.float64)
    prior, damping, cost = _EXPECTED ** -2, 1e-3, _cost(distances, values, share)
    for _ in range(_ITERATIONS):
        residual = distances(values)
        jacobian = torch.func.jacfwd(distances)(values)
        weight = share / (1 + (residual / _KERNEL_PX) ** 2)
        hessian = (jacobian * weight[:, None]).T @ jacobian + prior * torch.eye(5).double()
        gradient = jacobian.T @ (weight * residual) + prior * values
        trial = values - torch.linalg.solve(
            hessian + damping * torch.diag(torch.diagonal(hessian)), gradient)
        trial_cost = _cost(distances, trial, share)
        if trial_cost < cost:
            settled = cost - trial_cost < 1e-6 * cost
            values, cost, damping = trial, trial_cost, damping / 10
            if settled:
                break
        else:
            damping *= 10
    return values


def _cost(distances: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor,
          share: float) -> float:
    robust = (_KERNEL_PX ** 2 * torch.log1p((distances(values) / _KERNEL_PX) ** 2)).sum()
    return float(share * robust + (values ** 2).sum() / _EXPECTED ** 2)
