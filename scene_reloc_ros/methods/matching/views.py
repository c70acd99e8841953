# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Key frames as they are while a map is made: what they show, and where they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch.nn import functional

from scene_reloc_ros.features.cell_grid import CellGrid
from scene_reloc_ros.features.local_features import LocalFeatures
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.network.preprocessing import WORKING_HEIGHT

Local = TypeVar('Local', CellGrid, LocalFeatures)

_SIMILAR = 40  # key frames of which a key frame's neighbours are drawn, count
_NEIGHBOURS = 12  # that are looked at, count
_TURNED = 0.87  # largest angle between a key frame and its neighbour, rad
_OFF_AXIS = 0.45  # farthest from the middle of a picture that is in it for sure, rad
UNSURE = 0.1  # weight of depths of which tracks do not tell how they err
_DISTANCES_M = (1.0, 2.0, 4.0, 8.0)  # at which the middle of a picture may be, metres


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


class Neighbours(Generic[Local]):
    """Which key frames are worth matching with each other."""

    def __init__(self, views: list[View[Local]], rng: np.random.Generator) -> None:
        """Take all key frames, and the source of chance."""
        self._rng = rng
        self._summaries = torch.stack([view.summary for view in views])
        self._poses = torch.stack([view.map_from_cam for view in views])

    def of(self, number: int) -> list[int]:
        """Return some of the key frames that may see what one sees, and look like it."""
        shared = may_share(self._poses, number)
        similarity = torch.where(shared, self._summaries @ self._summaries[number], -torch.inf)
        similarity[number] = -torch.inf
        best = similarity.topk(min(_SIMILAR, len(similarity)))
        numbers = best.indices[best.values > -torch.inf].tolist()
        return [numbers[i] for i in self._rng.permutation(len(numbers))[:_NEIGHBOURS]]


def may_share(poses: torch.Tensor, number: int) -> torch.Tensor:
    """Return which of the views (F,) see the middle of one view's picture, and it sees theirs.

    How far away that is nobody knows yet: some usual distances are tried.

    Args:
        poses: (F, 4, 4) map_from_cam, metres.
        number: of the one.
    """
    centres, ahead = poses[:, :3, 3], poses[:, :3, 2]
    shared = torch.zeros(len(poses), dtype=torch.bool)
    for distance in _DISTANCES_M:
        middle = centres + distance * ahead
        there = functional.normalize(middle[number] - centres, dim=1)
        back = functional.normalize(middle - centres[number], dim=1)
        seen = torch.minimum((there * ahead).sum(1), back @ ahead[number])
        shared |= seen > np.cos(_OFF_AXIS)
    return shared & (ahead @ ahead[number] > np.cos(_TURNED))


def pairs_of(views: list[View[Local]], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return all pairs of key frames of which one is a neighbour of the other, each once."""
    neighbours = Neighbours(views, rng)
    pairs = {(min(one, other), max(one, other)) for one in range(len(views))
             for other in neighbours.of(one)}
    return sorted(pairs)


def epipolar_lines(view: View[Local], pixels: torch.Tensor, other: View[Local]) -> torch.Tensor:
    """Return the lines (K, 3) float32 in another view on which a view's pixels (K, 2) lie.

    A line's product with x, y and 1 of a ray is how far the ray is from it, pixels.
    """
    relative = invert_pose(other.map_from_cam) @ view.map_from_cam
    x, y, z = relative[:3, 3].tolist()
    across = torch.tensor(((0, -z, y), (z, 0, -x), (-y, x, 0))).double()
    rays = view.rays(pixels)
    lines = torch.cat((rays, torch.ones_like(rays[:, :1])), 1) @ (across @ relative[:3, :3]).T
    scale = lines[:, :2].norm(dim=1, keepdim=True).clamp_min(1e-9)
    return (lines / scale * other.camera.focal).float()


def epipolar_distances(view: View[Local], pixels: torch.Tensor, other: View[Local],
                       there: torch.Tensor) -> torch.Tensor:
    """Return distances (K, M), pixels, of another view's pixels (M, 2) to a view's lines (K)."""
    lines = epipolar_lines(view, pixels, other)
    return (lines[:, :2] @ other.rays(there).float().T + lines[:, 2:]).abs()


def lifted(view: View[Local], pixels: torch.Tensor, depths: torch.Tensor,
           correction: CameraRefinement, depth: DepthCorrection) -> torch.Tensor:
    """Return the points (K, 3) float64 that pixels (K, 2) with depths (K,) show, metres."""
    rays = correction(view.rays(pixels).float()).double()
    corrected = depth(depths.double(), rays)
    seen = torch.cat((rays, torch.ones_like(rays[:, :1])), 1) * corrected[:, None]
    return seen @ view.map_from_cam[:3, :3].T + view.map_from_cam[:3, 3]
