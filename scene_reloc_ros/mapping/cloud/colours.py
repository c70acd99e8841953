# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Colours of the scene points that a map keeps, as the mapping frames that see them have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap

STAGE = 'colouring'
UNKNOWN = 128  # of every channel of a point that no frame shows
_CANDIDATES = 300  # frames that are looked at without being read, count
_FRAMES = 32  # that are read, at most
_ENOUGH = 3  # frames that show a point, count
_LEAST_S, _MOST_S = 1.0, 4.0  # that reading may take, seconds
_COLUMNS = 24  # of a picture, of which each is as wide as one point hides
_HIDDEN = 1.15  # of the depth of a point that hides what is farther
_SAME_DEPTH = 0.1  # largest difference of a measured depth, of the depth


def cloud_colours(scene_map: SceneMap, frames: PosedFrames,
                  progress: MappingProgress) -> torch.Tensor:
    """Return the colours (P, 3) uint8 of the cloud of a map: red, green, blue.

    Each is that of a frame in the middle of some which show the point. Where frames have depth it
    tells whether they do; without, nearer points of the cloud hide those behind them.

    Args:
        scene_map: whose cloud it is.
        frames: posed images, in the coordinates of the map; few of them are read.
        progress: asked for cancelling and for the time.
    """
    points = scene_map.cloud.double().numpy()
    if not len(points):
        return torch.zeros(0, 3, dtype=torch.uint8)
    candidates = np.unique(np.linspace(0, len(frames) - 1, _CANDIDATES).round().astype(int))
    cam_from_map = mapping_poses(frames).double().numpy()[candidates]
    camera = _corrected(scene_map, frames[0].camera)
    shown = np.stack([_shown(points, pose, camera)[1] for pose in cam_from_map])
    deadline = Deadline(max(_LEAST_S, min(_MOST_S, progress.left_s)))
    seen = []
    for number in _chosen(shown):
        progress.check(STAGE)
        if deadline.passed:
            break
        frame = frames[int(candidates[number])]
        seen.append(_sampled(points, cam_from_map[number], frame, scene_map))
    if not seen:
        return torch.full((len(points), 3), UNKNOWN, dtype=torch.uint8)
    return _middle(torch.from_numpy(np.stack(seen)))


def _middle(seen: torch.Tensor) -> torch.Tensor:
    """Return the colours (P, 3) uint8 that are nearest to the median of those seen (F, P, 3).

    The median of each channel alone may be a colour that nothing has.
    """
    far = (seen - seen.nanmedian(0).values).abs().sum(2).nan_to_num(torch.inf)
    nearest = far.argmin(0)[None, :, None].expand(1, -1, 3)
    return seen.gather(0, nearest)[0].nan_to_num(UNKNOWN).round().to(torch.uint8)


def _corrected(scene_map: SceneMap, camera: Camera) -> Camera:
    """Return the camera of frames as mapping found it, but for its radial term."""
    found = scene_map.correction.described(camera)
    return replace(camera, fx=found['fx'], fy=found['fy'], cx=found['cx'], cy=found['cy'])


def _chosen(shown: np.ndarray) -> Iterator[int]:
    """Yield the numbers of frames that together show every point often, the best first.

    Args:
        shown: (F, P) whether a frame shows a point.
    """
    missing = np.full(shown.shape[1], _ENOUGH)
    for _ in range(min(_FRAMES, len(shown))):
        gains = (shown & (missing > 0)).sum(1)
        best = int(gains.argmax())
        if not gains[best]:
            return
        yield best
        missing -= shown[best]
        shown[best] = False


def _shown(points: np.ndarray, cam_from_map: np.ndarray,
           camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (P, 2) of points (P, 3), and which of them (P,) nothing nearer hides."""
    seen = points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
    pixels = camera.project(seen)
    within = ((pixels >= 0) & (pixels <= (camera.width - 1, camera.height - 1))).all(1)
    within &= np.hypot(seen[:, 0], seen[:, 1]) <= _widest(camera) * seen[:, 2]
    pixels = np.where(within[:, None], pixels, 0.0)
    cells = (pixels * (_COLUMNS / camera.width)).astype(int)
    nearest = np.full((cells[:, 1].max(initial=0) + 1, _COLUMNS + 1), np.inf)
    np.minimum.at(nearest, (cells[within, 1], cells[within, 0]), seen[within, 2])
    return pixels, within & (seen[:, 2] <= _HIDDEN * nearest[cells[:, 1], cells[:, 0]])


def _widest(camera: Camera) -> float:
    """Return how far from the axis, where z = 1, a picture reaches.

    Beyond it the polynomials of a lens may fold points back into the picture.
    """
    right, bottom = camera.width - 1, camera.height - 1
    corners = camera.rays(((0, 0), (right, 0), (0, bottom), (right, bottom)))[:, :2]
    lengths = np.hypot(*corners.T)
    return 1.01 * float(lengths.max()) if np.isfinite(lengths).all() else np.inf


def _sampled(points: np.ndarray, cam_from_map: np.ndarray, frame: PosedImage,
             scene_map: SceneMap) -> np.ndarray:
    """Return red, green, blue (P, 3) float32 of points in a frame, NaN where it hides them."""
    pixels, shown = _shown(points, cam_from_map, _corrected(scene_map, frame.camera))
    if scene_map.depth is not None and frame.depth_m is not None:
        measured_m = registered_depth(frame.depth_m, frame.camera)
        depths = trusted_depths(measured_m, pixels, measured_m.shape[0] / frame.camera.height)
        away = points @ cam_from_map[2, :3] + cam_from_map[2, 3]
        shown &= (depths == 0) | (np.abs(depths - away) < _SAME_DEPTH * away)
    columns, rows = pixels.round().astype(int).T
    colours = frame.image[rows, columns].reshape(len(points), -1)[:, ::-1]  # grey is one channel
    seen = np.where(shown[:, None], colours.astype(np.float32), np.float32(np.nan))
    return np.broadcast_to(seen, points.shape)
