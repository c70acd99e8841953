# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Feature buffer: cells of all augmented views, shuffled across the whole scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
import math

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose, invert_pose
from scene_reloc_ros.mapping.augmentation import augment
from scene_reloc_ros.mapping.hold_out import pose_and_name, PosedFrames
from scene_reloc_ros.mapping.presets import MappingOptions
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress, Pace
from scene_reloc_ros.network.device import autocast, preferred_dtype
from scene_reloc_ros.network.preprocessing import network_input, working_frame
from scene_reloc_ros.network.weights import LoadedEncoder

STAGE = 'encoding'
_FIRST_PASS = 2.0  # of the time for encoding that a pass over all frames may take


@dataclass(frozen=True)
class CellBatch:
    """B cells of a buffer with what is known of their frames."""

    descriptors: torch.Tensor  # (B, C)
    rays: torch.Tensor  # (B, 2) x and y where z = 1, camera frame
    cam_from_map: torch.Tensor  # (B, 4, 4)
    focals_px: torch.Tensor  # (B,) pixels per unit on the plane z = 1
    depths: torch.Tensor  # (B,) metres along z, 0 where unknown


@dataclass(frozen=True)
class FeatureBuffer:
    """N cells: what the encoder saw, along which ray, from which frame."""

    descriptors: torch.Tensor  # (N, C) half precision
    rays: torch.Tensor  # (N, 2) float32: x and y where z = 1, camera frame
    frames: torch.Tensor  # (N,) int64, index into cam_from_map
    cam_from_map: torch.Tensor  # (F, 4, 4) float32
    focals_px: torch.Tensor  # (F,) float32, of the working image
    positions: torch.Tensor  # (F, 3) float64, metres: where the cameras were
    depths: torch.Tensor  # (N,) float32 metres along z, 0 where unknown

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.descriptors)

    def batch(self, index: torch.Tensor) -> CellBatch:
        """Return the cells of an index (B,)."""
        frames = self.frames[index]
        return CellBatch(self.descriptors[index], self.rays[index], self.cam_from_map[frames],
                         self.focals_px[frames], self.depths[index])

    def of_seen(self) -> tuple[FeatureBuffer, np.ndarray]:
        """Return the same with those frames only that have cells, and their indices (K,)."""
        seen, number = self.frames.unique(return_inverse=True)
        chosen = seen.cpu()
        return replace(self, frames=number, cam_from_map=self.cam_from_map[seen],
                       focals_px=self.focals_px[seen],
                       positions=self.positions[chosen]), chosen.numpy()

    def shuffled(self, batch: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
        """Yield index batches of one epoch: every cell once, in an order drawn anew."""
        order = torch.randperm(len(self), generator=generator)
        for start in range(0, len(self) - batch + 1, batch):
            yield order[start:start + batch].to(self.descriptors.device)
        if len(self) < batch:
            yield order.to(self.descriptors.device)


def mapping_poses(frames: PosedFrames) -> torch.Tensor:
    """Return cam_from_map (F, 4, 4) float64 of all frames; ValueError names a bad one."""
    poses = []
    for index in range(len(frames)):
        pose, name = pose_and_name(frames, index)
        if pose is None:
            raise ValueError(f'frame {name} has no pose; mapping needs posed frames: leave it out '
                             'of the list')
        poses.append(checked_pose(pose, name))
    return invert_pose(torch.from_numpy(np.stack(poses)))


def fill_buffer(frames: PosedFrames, encoder: LoadedEncoder, options: MappingOptions,
                rng: np.random.Generator, progress: MappingProgress) -> FeatureBuffer:
    """Encode augmented views of all frames and return their FeatureBuffer.

    Args:
        frames: posed images, read one at a time.
        encoder: the frozen network.
        options: of the mapping.
        rng: of augmentation and choice of cells.
        progress: passes after the first end at its deadline, for what time is left is worth more
            to the head. Where even the first would take far longer, frames are left out, evenly.
    """
    device = next(encoder.parameters()).device
    cam_from_map = mapping_poses(frames)
    views = len(frames) * max(options.passes, math.ceil(options.views / len(frames)))
    cells = max(1, min(options.cells, options.buffer // views))
    columns: tuple[list[torch.Tensor], ...] = ([], [], [], [])
    focals = torch.zeros(len(frames))
    progress.check(STAGE)
    first = Pace(len(frames), Deadline(_FIRST_PASS * progress.deadline.seconds))
    for view in range(views):
        if view >= len(frames) and progress.deadline.passed:
            break
        if view < len(frames) and not first.takes(view):
            continue
        index = view % len(frames)
        camera, parts = _encoded_view(frames[index], encoder, options, rng, cells)
        focals[index] = camera.focal
        descriptors, rays, depths = parts
        of_frame = torch.full((len(rays),), index, dtype=torch.int64)
        for column, value in zip(columns, (descriptors, rays, of_frame, depths)):
            column.append(value.to(device))
        progress(STAGE, (view + 1) / views, f'{view + 1} of {views} views')
    descriptors, rays, indices, depths = (torch.cat(column) for column in columns)
    positions = invert_pose(cam_from_map)[:, :3, 3]
    return FeatureBuffer(descriptors, rays, indices, cam_from_map.float().to(device),
                         focals.to(device), positions, depths)


def _encoded_view(frame: PosedImage, encoder: LoadedEncoder, options: MappingOptions,
                  rng: np.random.Generator, count: int) -> tuple[Camera, tuple[torch.Tensor, ...]]:
    """Return the working camera, and descriptors, rays and depths of random cells of a view."""
    grey, camera = working_frame(frame)
    descriptors, pixels, rays = _view_cells(grey, camera, encoder, options, rng, count)
    depths = _depths(frame, pixels, camera.width) if options.depth else torch.zeros(len(rays))
    return camera, (descriptors, rays, depths)


def _view_cells(grey: np.ndarray, camera: Camera, encoder: LoadedEncoder, options: MappingOptions,
                rng: np.random.Generator, count: int,
                ) -> tuple[torch.Tensor, np.ndarray, torch.Tensor]:
    """Return descriptors (n, C), pixels (n, 2) and rays (n, 2) of random cells of a view."""
    view, pixels, rays, inside = augment(grey, camera, encoder.stride, rng, options.augmentation)
    device = next(encoder.parameters()).device
    with torch.inference_mode(), autocast(device):
        features = encoder(network_input(view, device))[0]
    candidates = np.flatnonzero(inside.reshape(-1))
    chosen = rng.choice(candidates, min(count, len(candidates)), replace=False)
    flat = features.flatten(1).T[torch.from_numpy(chosen).to(device)]
    picked = torch.from_numpy(rays.reshape(-1, 3)[chosen, :2].astype(np.float32))
    return flat.to(preferred_dtype(device)).clone(), pixels.reshape(-1, 2)[chosen], picked


def _depths(frame: PosedImage, pixels: np.ndarray, working_width: int) -> torch.Tensor:
    """Return the depths (n,) at pixels of the working image, 0 where unknown or on an edge."""
    if frame.depth_m is None:
        return torch.zeros(len(pixels))
    return torch.from_numpy(trusted_depths(
        frame.depth_m, pixels, frame.depth_m.shape[1] / working_width))
