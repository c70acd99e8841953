# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Key frames as they are while a map is made: what they show, and where they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch

from scene_reloc_ros.features.cell_grid import CellGrid
from scene_reloc_ros.features.local_features import LocalFeatures
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.network.preprocessing import WORKING_HEIGHT

Local = TypeVar('Local', CellGrid, LocalFeatures)

_SIMILAR = 40  # key frames of which a key frame's neighbours are drawn, count
_NEIGHBOURS = 12  # that are looked at, count
_TURNED = 0.87  # largest angle between a key frame and its neighbour, rad


@dataclass(frozen=True)
class View(Generic[Local]):
    """One key frame."""

    map_from_cam: torch.Tensor  # (4, 4) float64, metres
    local: Local  # what it shows, N descriptors
    camera: Camera  # of the working image
    summary: torch.Tensor  # (G,) unit length
    depths: torch.Tensor | None  # (N,) metres, 0 where unknown

    def rays(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return x and y (K, 2) float64 where z = 1 of pixels, of the camera as calibrated."""
        return torch.from_numpy(self.camera.rays(pixels.numpy()))[:, :2].double()


def depths_at(frame: PosedImage, pixels: torch.Tensor) -> torch.Tensor | None:
    """Return the depths (N,) of a frame at pixels of its working image, metres, 0 where unknown.

    None where the frame has no depth.
    """
    if frame.depth_m is None:
        return None
    depth_m = registered_depth(frame.depth_m, frame.camera)
    return torch.from_numpy(trusted_depths(depth_m, pixels.numpy(),
                                           depth_m.shape[0] / WORKING_HEIGHT))


def neighbours_of(number: int, views: list[View[Local]], rng: np.random.Generator) -> list[int]:
    """Return some of the key frames that look like one, from about the same direction."""
    view = views[number]
    summaries = torch.stack([other.summary for other in views])
    ahead = torch.stack([other.map_from_cam[:3, 2] for other in views])
    angle = torch.arccos((ahead @ view.map_from_cam[:3, 2]).clamp(-1, 1))
    similarity = torch.where(angle < _TURNED, summaries @ view.summary, -torch.inf)
    similarity[number] = -torch.inf
    best = similarity.topk(min(_SIMILAR, len(views)))
    numbers = best.indices[best.values > -torch.inf].tolist()
    return [numbers[i] for i in rng.permutation(len(numbers))[:_NEIGHBOURS]]


def pairs_of(views: list[View[Local]], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return all pairs of key frames of which one is a neighbour of the other, each once."""
    pairs = {(min(one, other), max(one, other)) for one in range(len(views))
             for other in neighbours_of(one, views, rng)}
    return sorted(pairs)


def lifted(view: View[Local], pixels: torch.Tensor, depths: torch.Tensor,
           correction: CameraRefinement, depth: DepthCorrection) -> torch.Tensor:
    """Return the points (K, 3) float64 that pixels (K, 2) with depths (K,) show, metres."""
    rays = correction(view.rays(pixels).float()).double()
    corrected = depth(depths.double(), rays)
    seen = torch.cat((rays, torch.ones_like(rays[:, :1])), 1) * corrected[:, None]
    return seen @ view.map_from_cam[:3, :3].T + view.map_from_cam[:3, 3]
