# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a forest grows on: responses of pixels whose points in the map are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests

_PER_FRAME = 400
_MOST = 200_000  # of all frames together: bounds memory (160 MB) and the time to grow
_TRIES = 2  # pixels drawn for each that is wanted: a part of them has no depth
_LEAST = 100  # samples that a forest is worth growing on


@dataclass(frozen=True)
class Samples:
    """N pixels of all mapping frames."""

    responses: np.ndarray  # (N, T) float32
    points: np.ndarray  # (N, 3) float64 metres, map frame


def draw_samples(frames: Sequence, tests: PixelTests, rng: np.random.Generator,
                 per_frame: int = _PER_FRAME) -> Samples:
    """Return Samples of frames with depth and pose; frames that lack one are left out.

    Args:
        frames: posed images.
        tests: PixelTests.
        rng: numpy generator.
        per_frame: pixels of one frame, at most.
    """
    per_frame = max(1, min(per_frame, _MOST // max(len(frames), 1)))
    responses = np.empty((len(frames) * per_frame, len(tests)), np.float32)
    points = np.empty((len(responses), 3))
    filled = 0
    for number in range(len(frames)):
        found = frame_samples(frames[number], tests, rng, per_frame)
        end = filled + len(found.points)
        responses[filled:end], points[filled:end] = found.responses, found.points
        filled = end
    if filled < _LEAST:
        raise ValueError(f'only {filled} pixels of {len(frames)} frames have a known depth and '
                         'pose; forest needs depth images to map')
    return Samples(responses[:filled], points[:filled])


def frame_samples(frame: PosedImage, tests: PixelTests, rng: np.random.Generator,
                  count: int) -> Samples:
    """Return Samples of at most ``count`` random pixels of a frame whose depth can be trusted."""
    if frame.depth_m is None or frame.map_from_cam is None:
        return Samples(np.empty((0, len(tests)), np.float32), np.empty((0, 3)))
    camera = frame.camera
    depth_m = registered_depth(frame.depth_m, camera)
    pixels = rng.integers(0, (camera.width, camera.height), (_TRIES * count, 2))
    rays, depths = rays_and_depths(camera, depth_m, pixels)
    kept = np.flatnonzero((depths > 0) & np.isfinite(rays).all(1))[:count]
    seen = rays[kept] * depths[kept, None]
    points = seen @ frame.map_from_cam[:3, :3].T + frame.map_from_cam[:3, 3]
    return Samples(tests.responses(frame.image, depth_m, pixels[kept], depths[kept]), points)


def rays_and_depths(camera: Camera, depth_m: np.ndarray,
                    pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rays (N, 3) with z = 1 and depths (N,) float32, 0 where not to be trusted, metres.

    Args:
        camera: Camera.
        depth_m: (h, w) metres along z, 0 where unknown.
        pixels: (N, 2) of the camera's image.
    """
    return camera.rays(pixels), trusted_depths(depth_m, pixels, depth_m.shape[1] / camera.width)
