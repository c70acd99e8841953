# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Confidence features of a solved pose: what the logistic regression of acceptance weighs.

Each is one figure, larger is better, named as in the model. They are logarithms where ratios
count, so that a weight means the same in every map.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverResult
from scene_reloc_ros.uncertainty.model import ImageStatistics
from scene_reloc_ros.uncertainty.query import Query

_LEAST = 1e-3  # keeps logarithms finite
_MANY = 100  # matches that agree, of which more say little more
_FARTHEST = 4.0  # view novelty beyond which it no longer matters, unitless


@dataclass(frozen=True)
class PoseContext:
    """What is around a solved pose."""

    covariance: torch.Tensor  # (6, 6) calibrated, of the twist
    novelty: float  # from the nearest mapping view (``view_novelty``), unitless
    distinct: float  # share of the inliers of which the map knows no other such place
    images: ImageStatistics  # of the mapping frames
    threshold_px: float  # of the solver's inliers, pixels


def confidence_features(query: Query, result: SolverResult,
                        context: PoseContext) -> dict[str, float]:
    """Return the features of a solved query as {name: value}, larger is better.

    A pose without correspondences has no features of them.
    """
    common = _common_features(query, context)
    if query.regressed is not None:
        return {'similarity': query.similarity, **common}
    inliers = result.inliers.cpu()
    seen = _seen(result, query.problem)
    spread = (_deviation(query.pixels[inliers]) / torch.tensor(query.size_px)).min()
    counted = {'matches': _log(result.score * context.distinct / _MANY)} if query.sparse else {}
    return {
        **counted,
        'inliers': _log(result.score / _worth(query.problem) * context.distinct),
        'residual': -_log(result.residual_px),
        'spread': _log(float(spread)),
        'depth_spread': _log(float(_deviation(seen[inliers, 2].clamp_min(_LEAST).log()))),
        'second_best_margin': -result.second_best_ratio,
        'depth_agreement': _depth_agreement(seen, inliers, query.problem, context.threshold_px),
        **common}


def _deviation(values: torch.Tensor) -> torch.Tensor:
    """Return the standard deviation over the first axis, none of one value or of no values."""
    return values.std(0) if len(values) > 1 else torch.zeros(values.shape[1:])


def _worth(problem: PoseProblem) -> float:
    """Return what all correspondences together count."""
    if problem.weights is None:
        return float(len(problem.rays))
    return max(_LEAST, float(problem.weights.sum()))


def _common_features(query: Query, context: PoseContext) -> dict[str, float]:
    """Return the features that every pose has."""
    deviation = float(torch.linalg.eigvalsh(context.covariance[:3, :3])[-1].clamp_min(0).sqrt())
    quality, images = query.quality, context.images
    return {
        'position_precision': -_log(deviation),
        'view_familiarity': -min(context.novelty, _FARTHEST),
        'sharpness': min(0.0, _log(quality.sharpness / max(images.sharpness, _LEAST))),
        'exposure': min(0.0, _log(quality.contrast / max(images.contrast, _LEAST)))}


def _log(value: float) -> float:
    return math.log(value) if value > _LEAST else math.log(_LEAST)  # of NaN too


def _seen(result: SolverResult, problem: PoseProblem) -> torch.Tensor:
    """Return the scene coordinates (N, 3) in the camera, metres."""
    pose = result.cam_from_map.cpu().float()
    return problem.points.cpu().float() @ pose[:3, :3].T + pose[:3, 3]


def _depth_agreement(seen: torch.Tensor, inliers: torch.Tensor, problem: PoseProblem,
                     threshold_px: float) -> float:
    """Return the share of cells seen at their pixels whose depth fits as well, less one.

    Without depth there is no disagreement: zero, as where all agree.
    """
    if problem.depths is None:
        return 0.0
    flat = seen[:, :2] / seen[:, 2:].clamp_min(_LEAST) - problem.rays.cpu()[:, :2]
    at_pixel = flat.norm(dim=-1) * problem.focal_px < threshold_px
    measured = (problem.depths.cpu() > 0) & at_pixel
    return float((inliers & measured).sum() / measured.sum().clamp_min(1)) - 1.0
