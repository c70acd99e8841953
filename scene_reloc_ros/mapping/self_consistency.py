# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Self-consistency of a trained head: reprojection inliers of the cells it was trained on."""

from __future__ import annotations

import torch

from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.head import Head

_AGREEING_PX = 10.0  # farthest that a cell may be seen from its pixel
_CELLS_A_FRAME = 128


def reproject_cells(buffer: FeatureBuffer, head: Head, correction: CameraRefinement,
                    chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return depths (n,), rays (n, 2) and errors (n,) in pixels of some cells of a buffer.

    Args:
        buffer: FeatureBuffer.
        head: trained Head.
        correction: CameraRefinement.
        chosen: (n,) indices of cells.
    """
    device = buffer.descriptors.device
    with torch.inference_mode(), autocast(device):
        points = head(buffer.descriptors[chosen].float())
    poses = buffer.cam_from_map[buffer.frames[chosen]]
    with torch.inference_mode():
        seen = (poses[:, :3, :3] @ points.float()[..., None])[..., 0] + poses[:, :3, 3]
        rays = correction.to(device)(buffer.rays[chosen])
        error = ((seen[:, :2] / seen[:, 2:] - rays).norm(dim=-1)
                 * buffer.focals_px[buffer.frames[chosen]])
    return seen[:, 2], rays, torch.where(seen[:, 2] > 0, error, torch.full_like(error, torch.inf))


def inlier_shares(buffer: FeatureBuffer, head: Head,
                  correction: CameraRefinement) -> torch.Tensor:
    """Return for each frame (F,) the share of its cells that are seen where they should be.

    A frame whose place looks like another one has few: the head can say one place only.
    """
    chosen = _some_of_each(buffer.frames)
    error = reproject_cells(buffer, head, correction, chosen)[2]
    frames = buffer.frames[chosen]
    count = len(buffer.cam_from_map)
    agreeing = torch.bincount(frames, (error < _AGREEING_PX).double(), minlength=count)
    return (agreeing / torch.bincount(frames, minlength=count).clamp_min(1)).cpu()


def _some_of_each(frames: torch.Tensor) -> torch.Tensor:
    """Return indices of up to so many cells of every frame; cells lie frame after frame."""
    order = frames.argsort(stable=True)
    counts = torch.bincount(frames)
    first = counts.cumsum(0) - counts
    rank = torch.arange(len(frames), device=frames.device) - first[frames[order]]
    # spread over all the cells of a frame
    step = (counts / _CELLS_A_FRAME).ceil().clamp_min(1).long()[frames[order]]
    return order[rank % step == 0]
