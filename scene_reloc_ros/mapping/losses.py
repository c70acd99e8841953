# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reprojection loss of mapping and its schedule (ACE, CVPR 2023, eqs. 4-6)."""

from __future__ import annotations

import math

import torch

from scene_reloc_ros.mapping.feature_buffer import CellBatch
from scene_reloc_ros.mapping.presets import LossOptions


def clamp_schedule(progress: float, options: LossOptions) -> float:
    """Return tau in pixels at a progress in [0, 1]: a circle's arc from wide to narrow."""
    arc = math.sqrt(max(0.0, 1 - progress ** 2))
    return options.soft_clamp_px * arc + options.final_clamp_px


def reprojection_loss(points_N3: torch.Tensor, cells: CellBatch, progress: float,
                      options: LossOptions) -> tuple[torch.Tensor, float]:
    """Return the mean loss of predicted scene coordinates, and the share of valid ones.

    A valid prediction lies in front of the camera and projects somewhere near: it costs
    tau tanh(e / tau). Any other is drawn to the point at a fixed depth on its ray, or at the
    measured one. With a measured depth every point that is too far (``surface_m`` and
    ``surface_share``) from where it has to be costs that distance as well; nearer ones are left
    to their pixels, which are more exact than a depth camera (DSAC*, TPAMI 2021, section 3.3).
    That cost fades out: depth leads to the right surface, the pixels have the last word.

    Args:
        points_N3: predicted scene coordinates, metres, map frame.
        cells: their N cells, the rays corrected.
        progress: share of the training that is done, in [0, 1].
        options: bounds and schedule.
    """
    in_camera = (cells.cam_from_map[:, :3, :3] @ points_N3[..., None])[..., 0]
    in_camera = in_camera + cells.cam_from_map[:, :3, 3]
    error, valid = _reprojection_errors(in_camera, cells, options)
    tau = clamp_schedule(progress, options)
    measured = cells.depths > 0
    aim = torch.where(measured, cells.depths, options.fallback_depth_m)[:, None]
    target = torch.cat((cells.rays, torch.ones_like(aim)), 1) * aim
    away = (in_camera - target).abs().sum(-1)
    tolerance = options.surface_m + options.surface_share * cells.depths
    pull = options.surface_px_per_m * max(0.0, 1 - progress / options.surface_until)
    off_surface = pull * (away - tolerance).clamp_min(0) * measured
    loss = (torch.where(valid, tau * torch.tanh(error / tau), away) + off_surface).mean()
    return loss, float(valid.float().mean())


def _reprojection_errors(in_camera: torch.Tensor, cells: CellBatch,
                         options: LossOptions) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the errors (N,) in pixels of points (N, 3) in the camera, and which are valid."""
    depth = in_camera[:, 2]
    plane = in_camera[:, :2] / depth.clamp_min(options.minimum_depth_m)[:, None]
    error = ((plane - cells.rays) * cells.focals_px[:, None]).norm(dim=-1)
    valid = ((depth > options.minimum_depth_m) & (depth < options.maximum_depth_m)
             & (error < options.maximum_error_px))
    return error, valid
