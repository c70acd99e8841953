# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training pairs: two crops of two views under random homographies, occlusion and light."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import cv2
import numpy as np

from scene_reloc_ros.datasets.camera_effects import to_bytes, to_unit
from scene_reloc_ros.datasets.procedural_images import random_texture
from scene_reloc_ros.pretraining.photometric import photometric_change, PhotometricOptions
from scene_reloc_ros.pretraining.two_views import TwoViews

_MARGIN = 4  # pixels: no correspondence lies nearer to the border
_CANDIDATES = 6  # points drawn for one that is kept, at most


@dataclass(frozen=True)
class PairOptions:
    """How much two crops of a pair differ."""

    crop: int = 192  # side of a crop, pixels
    scale: float = 2.0  # largest zoom between the crops, ratio
    rotation: float = math.radians(45)  # largest in-plane rotation between the crops, rad
    perspective: float = 0.12  # largest shift of a corner, share of the crop
    zoom: float = 1.5  # largest zoom that both crops share, ratio
    occluded: float = 0.25  # share of crops with something before them
    near: float = 0.3  # share of points that have another one close by (hard negatives)
    apart: tuple[float, float] = (9.0, 24.0)  # how close, pixels
    photometric: PhotometricOptions = field(default_factory=PhotometricOptions)


@dataclass(frozen=True)
class Pair:
    """Two crops and the pixels that show the same points."""

    crop_a: np.ndarray  # (S, S) float32 in [0, 1]
    crop_b: np.ndarray  # (S, S) float32 in [0, 1]
    pixels_a: np.ndarray  # (N, 2) float64
    pixels_b: np.ndarray  # (N, 2) float64


def random_homography(rng: np.random.Generator, centre: np.ndarray, zoom: float,
                      options: PairOptions) -> np.ndarray:
    """Return crop_from_view (3, 3) that brings a pixel near the middle of the crop.

    Two such crops differ in scale by at most ``options.scale``, in rotation by
    ``options.rotation``.
    """
    side = options.crop
    scale = zoom * math.exp(rng.uniform(-0.5, 0.5) * math.log(options.scale))
    angle = rng.uniform(-0.5, 0.5) * options.rotation
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)), np.float64) * (side / 2)
    shift = rng.uniform(-1, 1, (4, 2)) * options.perspective * side
    turn = np.array(((math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))))
    quad = (corners + shift) @ turn.T / scale
    middle = centre + rng.uniform(-0.3, 0.3, 2) * side / scale
    return cv2.getPerspectiveTransform((quad + middle).astype(np.float32),
                                       (corners + side / 2 - 0.5).astype(np.float32))


def make_pair(rng: np.random.Generator, views: TwoViews, options: PairOptions = PairOptions(),
              points: int = 128) -> Pair | None:
    """Return a Pair with exactly ``points`` correspondences, or None where too little is shared.

    Args:
        rng: numpy generator; the same state gives the same pair.
        views: TwoViews.
        options: PairOptions.
        points: correspondences, count.
    """
    centre_a, centre_b = _shared_point(rng, views)
    if centre_a is None or centre_b is None:
        return None
    zoom = math.exp(rng.uniform(-1, 1) * math.log(options.zoom))
    a_from_view, b_from_view = (random_homography(rng, centre, zoom, options)
                                for centre in (centre_a, centre_b))
    pixels_a = _candidates(rng, options, _CANDIDATES * points)
    in_view, seen = views.carry(_mapped(np.linalg.inv(a_from_view), pixels_a))
    pixels_b = _mapped(b_from_view, in_view)
    last = options.crop - 1 - _MARGIN
    seen &= ((pixels_b >= _MARGIN) & (pixels_b <= last)).all(1)
    crop_a = _crop(views.image_a, a_from_view, options.crop)
    crop_b = _crop(views.image_b, b_from_view, options.crop)
    for crop, pixels in ((crop_a, pixels_a), (crop_b, pixels_b)):
        seen &= ~_occlude(rng, crop, pixels, options)
    kept = np.flatnonzero(seen)[:points]
    if len(kept) < points:
        return None
    crop_a, crop_b = (photometric_change(rng, to_unit(crop), options.photometric)
                      for crop in (crop_a, crop_b))
    return Pair(crop_a, crop_b, pixels_a[kept], pixels_b[kept])


def _shared_point(rng: np.random.Generator,
                  views: TwoViews) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return one pixel of view a and where it lies in view b; None where none was found."""
    height, width = views.image_a.shape
    pixels = rng.uniform((0.1 * width, 0.1 * height), (0.9 * width, 0.9 * height), (64, 2))
    carried, seen = views.carry(pixels)
    if not seen.any():
        return None, None
    first = int(np.argmax(seen))
    return pixels[first], carried[first]


def _candidates(rng: np.random.Generator, options: PairOptions, count: int) -> np.ndarray:
    """Return pixels (count, 2) of a crop; some beside another, which makes hard negatives."""
    low, high = _MARGIN, options.crop - 1 - _MARGIN
    pixels = rng.uniform(low, high, (count, 2))
    followers = np.flatnonzero(rng.random(count // 2) < options.near) * 2 + 1
    angle = rng.uniform(0, 2 * math.pi, len(followers))
    away = rng.uniform(*options.apart, (len(followers), 1))
    beside = pixels[followers - 1] + away * np.stack((np.cos(angle), np.sin(angle)), 1)
    pixels[followers] = np.where((beside >= low) & (beside <= high), beside, pixels[followers])
    return pixels


def _mapped(homography: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return pixels (N, 2) under a homography; far away where they lie behind it."""
    mapped = np.c_[pixels, np.ones(len(pixels))] @ homography.T
    front = mapped[:, 2:] > 1e-9
    return np.where(front, mapped[:, :2] / np.where(front, mapped[:, 2:], 1), -1e6)


def _crop(view: np.ndarray, crop_from_view: np.ndarray, side: int) -> np.ndarray:
    # area-like filtering where the crop shrinks the view: blur first, then sample
    shrink = 1 / math.sqrt(max(abs(np.linalg.det(crop_from_view / crop_from_view[2, 2])), 1e-6))
    source = cv2.GaussianBlur(view, (0, 0), 0.45 * shrink) if shrink > 1.2 else view
    return cv2.warpPerspective(source, crop_from_view, (side, side), flags=cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REFLECT_101)


def _occlude(rng: np.random.Generator, crop: np.ndarray, pixels: np.ndarray,
             options: PairOptions) -> np.ndarray:
    """Draw something before a crop, now and then; return which pixels it hides."""
    if rng.random() >= options.occluded:
        return np.zeros(len(pixels), bool)
    side = options.crop
    mask = np.zeros((side, side), np.uint8)
    centre = rng.uniform(0, side, 2)
    spokes = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(4, 9))))
    reach = rng.uniform(0.1, 0.35, (len(spokes), 1)) * side
    outline = centre + reach * np.stack((np.cos(spokes), np.sin(spokes)), 1)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    crop[mask > 0] = to_bytes(random_texture(rng, side, side))[mask > 0]
    nearest = np.clip(np.round(pixels), 0, side - 1).astype(int)
    return mask[nearest[:, 1], nearest[:, 0]] > 0
