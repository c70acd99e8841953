# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A judge of encoders that needs no map: dense matching between views never trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
import math
import statistics
import time

import numpy as np
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.preprocessing import grey_image
from scene_reloc_ros.network.weights import LoadedEncoder
from scene_reloc_ros.pretraining.contrastive_loss import sample_descriptors
from scene_reloc_ros.pretraining.pairs import make_pair, Pair, PairOptions
from scene_reloc_ros.pretraining.photometric import STILL
from scene_reloc_ros.pretraining.two_views import TwoViews

RIGHT_PX = 8.0  # a match is right when the matched cell lies within one cell of the truth
_POINTS = 200  # a pair
_FRAME = (480, 640)  # rows and columns of the image whose encoding is timed
_TRIES = 20  # draws of a pair before a view is given up


@dataclass(frozen=True)
class FarApart:
    """Which frames of a sequence make a pair."""

    nearest_m: float = 0.15  # least distance of the cameras, metres
    farthest_m: float = 0.8  # largest distance of the cameras, metres
    turn_deg: float = 30.0  # largest angle between them, degrees


def matching_share(encoder: LoadedEncoder, pairs: Iterable[Pair]) -> float:
    """Return the share of points whose best cell of the other view is the right one.

    Args:
        encoder: an encoder in evaluation mode.
        pairs: iterable of Pair; the points of view a are sought among all cells of view b.
    """
    device, right, count = next(encoder.parameters()).device, 0, 0
    for pair in pairs:
        crops = [torch.from_numpy(crop)[None, None].to(device)
                 for crop in (pair.crop_a, pair.crop_b)]
        with torch.inference_mode(), autocast(device):
            features_a, features_b = (encoder(crop).float() for crop in crops)
        pixels = torch.from_numpy(pair.pixels_a).float().to(device)
        sought = sample_descriptors(features_a, pixels[None], encoder.stride)[0]
        cells = functional.normalize(features_b[0].flatten(1), dim=0)
        best = (functional.normalize(sought, dim=1) @ cells).argmax(1).cpu()
        rows, columns = features_b.shape[-2:]
        centres = cell_centres(rows, columns, encoder.stride).flatten(0, 1)
        away = (centres[best].double() - torch.from_numpy(pair.pixels_b)).abs().amax(1)
        right += int((away <= RIGHT_PX).sum())
        count += len(away)
    return right / count


def image_pairs(images: Iterable[np.ndarray], light: bool, seed: int = 0) -> Iterator[Pair]:
    """Yield a pair for each image: homographies, and other light, optics and noise if asked."""
    options = PairOptions() if light else replace(PairOptions(), photometric=STILL, occluded=0.0)
    for index, image in enumerate(images):
        rng = np.random.default_rng((seed, index))
        views = TwoViews.of_picture(image)
        found = (make_pair(rng, views, options, _POINTS) for _ in range(_TRIES))
        pair = next((pair for pair in found if pair is not None), None)
        if pair is not None:
            yield pair


def sequence_pairs(sequence: Sequence, count: int, changed: Sequence | None = None, seed: int = 0,
                   apart: FarApart = FarApart()) -> Iterator[Pair]:
    """Yield pairs of whole frames of a posed RGB-D sequence that look at the same things.

    Args:
        sequence: posed images with depth; ValueError where a frame lacks it.
        count: pairs, count.
        changed: the same frames in other light; view b is taken from there. None: as they are.
        seed: of the choice.
        apart: FarApart.
    """
    rng = np.random.default_rng(seed)
    known = [sequence.map_from_cam(index) for index in range(len(sequence))]
    poses = np.stack([pose for pose in known if pose is not None])
    if len(poses) < len(known):
        raise ValueError('some frames have no pose; give a sequence of posed frames')
    for first in rng.permutation(len(sequence))[:count]:
        second = _partner(rng, poses, int(first), apart)
        if second is not None:
            pair = _frame_pair(rng, sequence[int(first)], sequence[second],
                               (changed or sequence)[second])
            if pair is not None:
                yield pair


def _partner(rng: np.random.Generator, poses: np.ndarray, first: int,
             apart: FarApart) -> int | None:
    distance = np.linalg.norm(poses[:, :3, 3] - poses[first, :3, 3], axis=1)
    cosine = np.einsum('nij,ij->n', poses[:, :3, :3], poses[first, :3, :3]) / 2 - 0.5
    fitting = np.flatnonzero((distance >= apart.nearest_m) & (distance <= apart.farthest_m)
                             & (cosine >= math.cos(math.radians(apart.turn_deg))))
    return int(rng.choice(fitting)) if len(fitting) else None


def _frame_pair(rng: np.random.Generator, frame_a: PosedImage, frame_b: PosedImage,
                shown_b: PosedImage) -> Pair | None:
    for frame in (frame_a, frame_b):
        if frame.depth_m is None:
            raise ValueError(f'frame {frame.name} has no depth; give a sequence with depth')
    if frame_a.map_from_cam is None or frame_b.map_from_cam is None:
        raise ValueError(f'frame {frame_a.name} or {frame_b.name} has no pose; give posed frames')
    grey_a, grey_b = (grey_image(frame.image) for frame in (frame_a, shown_b))
    views = TwoViews(grey_a, grey_b, frame_a.camera,
                     invert_pose(frame_b.map_from_cam) @ frame_a.map_from_cam,
                     frame_a.depth_m, frame_b.depth_m)
    pixels_a = rng.uniform((8, 8), np.array(grey_a.shape[::-1]) - 8, (8 * _POINTS, 2))
    pixels_b, seen = views.carry(pixels_a)
    kept = np.flatnonzero(seen)[:_POINTS]
    if len(kept) < _POINTS // 2:
        return None
    return Pair(grey_a.astype(np.float32) / 255, grey_b.astype(np.float32) / 255,
                pixels_a[kept], pixels_b[kept])


def encoding_cost(encoder: LoadedEncoder, repeats: int = 15) -> dict[str, float]:
    """Return GMAC, parameters and the time of one 640x480 frame as a dict."""
    device = next(encoder.parameters()).device
    frame = torch.rand(1, 1, *_FRAME, generator=torch.Generator().manual_seed(0)).to(device)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder(frame)
    times_ms = []
    with torch.inference_mode(), autocast(device):
        for _ in range(repeats + 3):  # the first three warm up
            started = time.perf_counter()
            encoder(frame).sum().item()  # waits for the result
            times_ms.append(1e3 * (time.perf_counter() - started))
    times_ms = sorted(times_ms[3:])
    return {'gmac': counter.get_total_flops() / 2e9,
            'parameters': sum(p.numel() for p in encoder.parameters()),
            'median_ms': statistics.median(times_ms), 'p10_ms': times_ms[len(times_ms) // 10],
            'p90_ms': times_ms[-1 - len(times_ms) // 10]}
