# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""View pairs: what neighbouring pictures share, found without their poses and camera."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, replace

import cv2
import numpy as np

from scene_reloc_ros.features.local_features import LocalFeatures, ratio_matches, sift
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import trusted_depths
from scene_reloc_ros.geometry.pixels import resized_coordinate
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.network.preprocessing import WORKING_HEIGHT, working_image

_HEIGHT = 320  # of the pictures that features are found in: half the time of larger ones, pixels
_FEATURES, _LOWE = 500, 0.8  # of a view; ratio of distances, see ``ratio_matches``
_APART = (1, 2, 4, 8, 14)  # frames between the two views of a pair
_LEAST_MATCHES, _MOST_MATCHES = 20, 40  # of a pair
_OFF_LINE_PX = 1.5  # of the epipolar geometry that fits a pair best, whatever its poses say
_LEAST_MOVED_PX = 8.0  # median of the matches of a pair: less tells nothing


@dataclass(frozen=True)
class SeenFrame:
    """One frame as the check needs it; the picture itself is let go."""

    features: LocalFeatures  # of the working image
    plane: np.ndarray  # (K, 2) x and y of their rays where z = 1, as calibrated
    depths: np.ndarray  # (K,) metres as the file says it, 0 where unknown
    camera: Camera  # of the working image


@dataclass(frozen=True)
class ViewPairs:
    """M points that two of F frames share each, in P pairs."""

    frames: np.ndarray  # (P, 2) numbers of frames
    pair: np.ndarray  # (M,) number of the pair
    first: np.ndarray  # (M, 2) x and y where z = 1, as calibrated
    second: np.ndarray  # (M, 2) the same in the other view
    depths: np.ndarray  # (M,) in the first view, metres as the file says it, 0 where unknown
    camera: Camera  # of the working images
    moved_px: float  # median of pairs, of those too that moved too little; NaN: none matched

    def __len__(self) -> int:
        """Return P."""
        return len(self.frames)

    def of(self, chosen: np.ndarray) -> ViewPairs:
        """Return the pairs of a mask (P,)."""
        kept = chosen[self.pair]
        number = np.cumsum(chosen) - 1
        return ViewPairs(self.frames[chosen], number[self.pair[kept]], self.first[kept],
                         self.second[kept], self.depths[kept], self.camera, self.moved_px)

    def thinned(self, most: int) -> ViewPairs:
        """Return every so many matches, so that at most about ``most`` are left."""
        some = slice(None, None, max(1, len(self.pair) // most))
        return replace(self, pair=self.pair[some], first=self.first[some],
                       second=self.second[some], depths=self.depths[some])


def seen_frame(frame: PosedImage) -> SeenFrame:
    """Return what the check needs of a frame; ValueError where its picture has another size."""
    grey, small = working_image(frame.image, frame.camera, _HEIGHT)
    stretch = WORKING_HEIGHT / _HEIGHT
    camera = small.scaled(round(small.width * stretch), WORKING_HEIGHT)
    found = sift(_FEATURES)(grey)
    features = replace(found, pixels=resized_coordinate(found.pixels, stretch))
    pixels = np.asarray(features.pixels, np.float64)
    plane = camera.rays(pixels)[:, :2]
    depths = np.zeros(len(pixels), np.float32)
    if frame.depth_m is not None and len(pixels):
        depth_m = np.nan_to_num(np.asarray(frame.depth_m, np.float32), posinf=0.0, neginf=0.0)
        depths = trusted_depths(depth_m, pixels, depth_m.shape[0] / camera.height)
    return SeenFrame(features, plane, depths, camera)


def view_pairs(seen: Several[SeenFrame], runs: np.ndarray) -> ViewPairs:
    """Return the ViewPairs of frames in the order of time.

    Matches are kept that agree with one epipolar geometry, whichever: so poses and focal length
    may be as wrong as they like.

    Args:
        seen: F frames of one camera.
        runs: (F,) number of the stretch of the recording that each belongs to; only frames of one
            stretch are matched.
    """
    frames: list[tuple[int, int]] = []
    parts, moved = [], []
    for i, j in _candidates(runs):
        rows, columns = _matched(seen[i], seen[j])
        if len(rows) < _LEAST_MATCHES:
            continue
        moved.append(_moved_px(seen[i], seen[j], rows, columns))
        chosen = _agreeing(seen[i], seen[j], rows, columns)
        if moved[-1] < _LEAST_MOVED_PX or len(chosen) < _LEAST_MATCHES:
            continue
        rows, columns = rows[chosen], columns[chosen]
        number = np.full(len(rows), len(frames))
        frames.append((i, j))
        parts.append((number, seen[i].plane[rows], seen[j].plane[columns], seen[i].depths[rows]))
    joined = [np.concatenate(part) for part in zip(*parts)] or [
        np.zeros(0, int), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0)]
    return ViewPairs(np.array(frames, int).reshape(-1, 2), joined[0], joined[1], joined[2],
                     joined[3].astype(np.float64), seen[0].camera,
                     float(np.median(moved)) if moved else float('nan'))


def _candidates(runs: np.ndarray) -> list[tuple[int, int]]:
    return [(i, i + apart) for i in range(len(runs)) for apart in _APART
            if i + apart < len(runs) and runs[i] == runs[i + apart]]


def _moved_px(one: SeenFrame, other: SeenFrame, rows: np.ndarray, columns: np.ndarray) -> float:
    """Return how far matches are seen from where they were, median, pixels."""
    apart = one.features.pixels[rows] - other.features.pixels[columns]
    return float(apart.norm(dim=1).median())


def _matched(one: SeenFrame, other: SeenFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the features (N,) of two frames that look like one, and have rays."""
    rows, columns = (part.numpy() for part in ratio_matches(
        one.features.descriptors @ other.features.descriptors.T, _LOWE))
    whole = np.isfinite(one.plane[rows]).all(1) & np.isfinite(other.plane[columns]).all(1)
    return rows[whole], columns[whole]


def _agreeing(one: SeenFrame, other: SeenFrame, rows: np.ndarray,
              columns: np.ndarray) -> np.ndarray:
    """Return the numbers of matches, at most so many, that agree with one epipolar geometry.

    It is that of undistorted pictures, whatever their focal length.
    """
    first, second = one.camera.focal * one.plane[rows], one.camera.focal * other.plane[columns]
    try:
        fitted, kept = cv2.findFundamentalMat(first, second, cv2.USAC_MAGSAC, _OFF_LINE_PX,
                                              0.999, 500)
    except cv2.error:  # raised for matches that fix no geometry
        return np.zeros(0, int)
    if fitted is None or kept is None:
        return np.zeros(0, int)
    chosen = np.flatnonzero(kept)
    return chosen[::max(1, -(-len(chosen) // _MOST_MATCHES))]
