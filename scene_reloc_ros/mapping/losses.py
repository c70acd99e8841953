# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The reprojection loss of mapping and its schedule (ACE, CVPR 2023, eqs. 4-6)."""

import math

import torch


def clamp_schedule(progress, options):
    """Return tau in pixels at a progress in [0, 1]: a circle's arc from wide to narrow."""
    arc = math.sqrt(max(0.0, 1 - progress ** 2))
    return options.soft_clamp_px * arc + options.final_clamp_px


def reprojection_loss(points_N3, rays_N2, cam_from_map_N44, focals_N, depths_N, progress,
                      options):
    """Return the mean loss of predicted scene coordinates, and the share of valid ones.

    A valid prediction lies in front of the camera and projects somewhere near: it costs
    tau tanh(e / tau). Any other is drawn to the point at a fixed depth on its ray, or at the
    measured one. With a measured depth every point that is too far (``surface_m`` and
    ``surface_share``) from where it has to be costs that distance as well; nearer ones are left
    to their pixels, which are more exact than a depth camera (DSAC*, TPAMI 2021, section 3.3).
    That cost fades out: depth leads to the right surface, the pixels have the last word.

    Args:
        points_N3: predicted scene coordinates, metres, map frame.
        rays_N2: x and y of the cells' rays where z = 1.
        cam_from_map_N44: poses of the cells' frames.
        focals_N: pixels per unit on the plane z = 1.
        depths_N: metres along z, 0 where unknown.
        progress: share of the training that is done, in [0, 1].
        options: LossOptions.
    """
    in_camera = (cam_from_map_N44[:, :3, :3] @ points_N3[..., None])[..., 0]
    in_camera = in_camera + cam_from_map_N44[:, :3, 3]
    depth = in_camera[:, 2]
    plane = in_camera[:, :2] / depth.clamp_min(options.minimum_depth_m)[:, None]
    error = ((plane - rays_N2) * focals_N[:, None]).norm(dim=-1)
    valid = ((depth > options.minimum_depth_m) & (depth < options.maximum_depth_m)
             & (error < options.maximum_error_px))
    tau = clamp_schedule(progress, options)
    valid_loss = tau * torch.tanh(error / tau)
    measured = depths_N > 0
    aim = torch.where(measured, depths_N, options.fallback_depth_m)[:, None]
    target = torch.cat((rays_N2, torch.ones_like(aim)), 1) * aim
    away = (in_camera - target).abs().sum(-1)
    tolerance = options.surface_m + options.surface_share * depths_N
    pull = options.surface_px_per_m * max(0.0, 1 - progress / options.surface_until)
    off_surface = pull * (away - tolerance).clamp_min(0) * measured
    loss = (torch.where(valid, valid_loss, away) + off_surface).mean()
    return loss, float(valid.float().mean())
