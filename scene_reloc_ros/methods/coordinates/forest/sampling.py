# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a forest grows on: responses of pixels whose points in the map are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests

STAGE = 'sampling'
NO_DEPTH = 'forest needs depth of the mapping frames; use cells, or record with depth'
_MOST_OF_FRAME = 1000  # pixels: more of them are neighbours that say the same
_TRIES = 2  # pixels drawn for each that is wanted: a part of them has no depth
_LEAST = 100  # samples that a forest is worth growing on


@dataclass(frozen=True)
class Samples:
    """N pixels of all mapping frames."""

    responses: np.ndarray  # (N, T) float32
    points: np.ndarray  # (N, 3) float64 metres, map frame


def draw_samples(frames: PosedFrames, kinds: Sequence[PixelTests], most: int,
                 rng: np.random.Generator,
                 progress: MappingProgress | None = None) -> list[Samples]:
    """Return Samples for each kind of tests; ValueError where hardly a pixel has a known depth.

    Frames come in a drawn order, so that those seen before the deadline are from all over the
    place. A frame that lacks depth or pose gives none.

    Args:
        frames: posed images, at least one.
        kinds: one or more PixelTests: each image is read once for all of them.
        most: samples of each kind, at most, that the frames share evenly.
        rng: numpy generator.
        progress: no further frame is read after its deadline.
    """
    progress = progress or MappingProgress()
    per_frame = max(1, min(_MOST_OF_FRAME, most // len(frames)))
    found: list[list[Samples]] = [[] for _ in kinds]
    for done, number in enumerate(rng.permutation(len(frames))):
        if done and progress.deadline.passed:
            break
        frame = frames[int(number)]
        for samples, tests in zip(found, kinds):
            samples.append(frame_samples(frame, tests, rng, per_frame))
        progress(STAGE, (done + 1) / len(frames), f'{done + 1} of {len(frames)} frames')
    joined = [Samples(np.concatenate([part.responses for part in samples]),
                      np.concatenate([part.points for part in samples])) for samples in found]
    fewest = min(len(samples.points) for samples in joined)
    if fewest < _LEAST:
        raise ValueError(f'{NO_DEPTH} (only {fewest} pixels of {len(frames)} frames have a known '
                         'depth and pose)')
    return joined


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
