# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What speaks for a solved pose: one figure each, larger is better, named as in the model.

They are logarithms where ratios count, so that a weight means the same in every map.
"""

from dataclasses import dataclass
import math

import cv2
import numpy as np
import torch

from scene_reloc_ros.solver.problem import PoseProblem
from scene_reloc_ros.uncertainty.ambiguity import in_voxels
from scene_reloc_ros.uncertainty.model import ImageStatistics

FINE_DETAIL_PX = 1.5  # structures below it vanish first when a picture is blurred, pixels
_SATURATED = 250  # grey value from which on a sensor tells nothing more
_LEAST = 1e-3  # keeps logarithms finite
_FARTHEST = 4.0  # view distance beyond which it no longer matters, unitless


@dataclass(frozen=True)
class ImageQuality:
    """How much a picture shows."""

    sharpness: float  # share of its contrast that is fine detail
    contrast: float  # standard deviation of its grey values in [0, 1]
    brightness: float  # mean grey value in [0, 1]
    saturated: float  # share of pixels that are white


def image_quality(grey):
    """Return the ImageQuality of an (H, W) uint8 image."""
    values = grey.astype(np.float32) / 255
    contrast = float(values.std())
    fine = float((values - cv2.GaussianBlur(values, (0, 0), FINE_DETAIL_PX)).std())
    return ImageQuality(fine / max(contrast, _LEAST), contrast, float(values.mean()),
                        float((grey >= _SATURATED).mean()))


@dataclass(frozen=True)
class Query:
    """One query beside its solution."""

    problem: PoseProblem  # of all N cells
    pixels: torch.Tensor  # (N, 2) of the cells, in the working image
    size_px: tuple  # (width, height) of the working image
    enlarged: float  # size of the image that came in, of that of the working image
    quality: ImageQuality


@dataclass(frozen=True)
class Context:
    """What is around a solved pose."""

    second_best_ratio: float  # soft inlier score of the best other pose, of that of this one
    distance: float  # from the nearest mapping view, unitless
    distinct: float  # share of the inliers of which the map knows no other such place


@dataclass(frozen=True)
class Scene:
    """What evidence has to know of the map."""

    images: ImageStatistics
    threshold_px: float  # of the solver's inliers, pixels


def gather(result, observed, context, covariance, scene):
    """Return the evidence for a SolverResult as {name: value}, larger is better.

    Args:
        result: SolverResult.
        observed: Query.
        context: Context.
        covariance: (6, 6) calibrated, of the twist.
        scene: Scene.
    """
    inliers = result.inliers.cpu()
    seen = _seen(result, observed.problem)
    deviation = float(torch.linalg.eigvalsh(covariance[:3, :3])[-1].clamp_min(0).sqrt())
    spread = (observed.pixels[inliers].std(0) / torch.tensor(observed.size_px)).min()
    quality = observed.quality
    return {
        'inliers': _log(result.score / len(inliers) * context.distinct),
        'residual': -_log(result.residual_px),
        'spread': _log(float(spread)),
        'depth_spread': _log(float(seen[inliers, 2].clamp_min(_LEAST).log().std())),
        'uniqueness': -context.second_best_ratio,
        'certainty': -_log(deviation),
        'nearness': -min(context.distance, _FARTHEST),
        'depth_agreement': _depth_agreement(
            seen, inliers, observed.problem, scene.threshold_px),
        'sharpness': min(0.0, _log(quality.sharpness / max(scene.images.sharpness, _LEAST))),
        'exposure': min(0.0, _log(quality.contrast / max(scene.images.contrast, _LEAST)))}


def distinct_share(result, problem, ambiguous):
    """Return the share of the inliers that lie where the map knows of no other such place."""
    points = problem.points[result.inliers].cpu()
    return 1.0 - float(in_voxels(points, ambiguous).float().mean()) if len(points) else 0.0


def _log(value):
    return math.log(value) if value > _LEAST else math.log(_LEAST)  # of NaN too


def _seen(result, problem):
    """Return the scene coordinates (N, 3) in the camera, metres."""
    pose = result.cam_from_map.cpu().float()
    return problem.points.cpu().float() @ pose[:3, :3].T + pose[:3, 3]


def _depth_agreement(seen, inliers, problem, threshold_px):
    """Return the share of cells seen at their pixels whose depth fits as well, less one.

    Without depth there is no disagreement: zero, as where all agree.
    """
    if problem.depths is None:
        return 0.0
    flat = seen[:, :2] / seen[:, 2:].clamp_min(_LEAST) - problem.rays.cpu()[:, :2]
    at_pixel = flat.norm(dim=-1) * problem.focal_px < threshold_px
    measured = (problem.depths.cpu() > 0) & at_pixel
    return float((inliers & measured).sum() / measured.sum().clamp_min(1)) - 1.0
