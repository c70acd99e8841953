# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reprojection errors, their soft inlier score and their derivatives."""

import torch

from scene_reloc_ros.geometry.poses import transform_points


def reprojection_residuals(cam_from_map, problem):
    """Return residuals (H, N, 2) in pixels and depths (H, N) in metres.

    Residuals of points on or behind the plane of the camera are meaningless; ask the depths.
    """
    points = transform_points(cam_from_map, problem.points[None])
    depth = points[..., 2]
    safe = torch.where(depth.abs() < 1e-9, torch.full_like(depth, 1e-9), depth)
    plane = points[..., :2] / safe[..., None]
    return (plane - problem.rays[None, :, :2]) * problem.focal_px, depth


def reprojection_errors(cam_from_map, problem, options):
    """Return errors (H, N) in pixels, clamped; what cannot be seen has the clamp as error."""
    residuals, depth = reprojection_residuals(cam_from_map, problem)
    errors = residuals.norm(dim=-1).clamp_max(options.error_clamp_px)
    errors = torch.where(depth > options.minimum_depth_m, errors,
                         torch.full_like(errors, options.error_clamp_px))
    return torch.nan_to_num(errors, nan=options.error_clamp_px)


def soft_inlier_score(errors, threshold_px):
    """Return the soft inlier counts (H,) of errors (H, N) in pixels.

    A sigmoid with slope 5 / threshold (Brachmann and Rother, DSAC*, TPAMI 2021, eq. 8).
    """
    return torch.sigmoid((5 / threshold_px) * (threshold_px - errors)).sum(-1)


def residual_jacobian(cam_from_map, problem):
    """Return the derivatives (H, N, 2, 6) of the residuals by the twist d of exp(d) cam_from_map.

    The twist has its translation first; pixels per metre and per radian.
    """
    x, y, z = transform_points(cam_from_map, problem.points[None]).unbind(-1)
    inverse = 1 / torch.where(z.abs() < 1e-9, torch.full_like(z, 1e-9), z)
    a, b = x * inverse, y * inverse
    zero = torch.zeros_like(a)
    row_u = torch.stack((inverse, zero, -a * inverse, -a * b, 1 + a * a, -b), -1)
    row_v = torch.stack((zero, inverse, -b * inverse, -1 - b * b, a * b, a), -1)
    return torch.stack((row_u, row_v), -2) * problem.focal_px
