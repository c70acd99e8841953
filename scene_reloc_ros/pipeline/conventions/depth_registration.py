# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Registration of depth: whether its edges lie where the picture has edges."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.network.preprocessing import WORKING_HEIGHT, working_image

_HEIGHT = 240  # pixels, of the pictures that are compared
_EDGE = 1.1  # ratio of depths on both sides of an edge
_MOST_EDGES, _LEAST_EDGES = 500, 80  # of a frame, pixels
_STRONGEST = 4.0  # gradient that counts, of the mean of the picture
_REACH, _ZOOMED_REACH, _STEP = 21, 6, 3  # shifts that are tried, alone and with a zoom, pixels
_ZOOMS = (0.8, 0.825, 0.85, 0.875, 0.9, 0.925, 0.95, 0.975, 1.025, 1.05, 1.075, 1.1, 1.125, 1.15,
          1.175, 1.2, 1.225, 1.25)  # of the picture about its centre
_LEAST_FRAMES = 6
# mean shift of edges that is a mistake: whatever their depth, or by a baseline that is one; depth
# that was registered by an old calibration is off by less
_FAR_PX, _LEAST_PX, _LEAST_M = 9.0, 5.0, 0.035  # pixels of pictures 480 high, metres
_GAIN, _RATIO, _MOSTLY = 0.15, 4.0, 0.8  # of the logarithm of the score; to its error; of frames
_COINCIDING = 1.3  # score, of chance, of edges that coincide


@dataclass(frozen=True)
class DepthEdges:
    """Where a depth image has edges, and how strong those of its picture are."""

    pixels: np.ndarray  # (E, 2) on the near side
    parallax: np.ndarray  # (E,) median depth over depth: how a baseline shifts each
    pixel_m: float  # what a pixel measures at the median depth, metres
    strength: np.ndarray  # (H, W) float32 gradient of the picture, mean 1


@dataclass(frozen=True)
class DepthShift:
    """How a depth image would have to be moved to fit its picture."""

    zoom: float  # about the centre
    shift_px: tuple[float, float]  # right and down, of edges at the median depth
    by_baseline: bool  # nearer edges are moved by more

    def moved(self, edges: DepthEdges) -> np.ndarray:
        """Return where the edges (E, 2) come to lie."""
        height, width = edges.strength.shape
        centre = np.array((width - 1, height - 1)) / 2
        shift = np.array(self.shift_px) * (edges.parallax[:, None] if self.by_baseline else 1.0)
        return centre + self.zoom * (edges.pixels - centre) + shift


NO_SHIFT = DepthShift(1.0, (0.0, 0.0), False)


@dataclass(frozen=True)
class Registration:
    """What edges say of the registration of depth to the picture."""

    shift: DepthShift
    score: float  # strength of the picture's edges there, of its mean
    gain: float  # of the logarithm of the score over that of no shift, mean over frames
    ratio: float  # of the gain to its error
    share: float  # of the frames in which it is better
    moved_px: float  # mean distance that edges are moved by, of pictures 480 high
    moved_m: float  # the same at the median depth, metres

    @property
    def wrong(self) -> bool:
        """Tell whether depth is clearly seen elsewhere than the picture."""
        return (self._far and self.score > _COINCIDING and self.gain > _GAIN
                and self.ratio > _RATIO and self.share >= _MOSTLY)

    @property
    def right(self) -> bool:
        """Tell whether edges coincide as they are."""
        return not self._far and self.score > _COINCIDING

    @property
    def _far(self) -> bool:
        """Tell whether edges are farther off than those of depth that was registered."""
        return self.moved_px > _FAR_PX or (self.moved_px > _LEAST_PX
                                           and self.moved_m > _LEAST_M)

    @property
    def sentence(self) -> str:
        """Return what is wrong and what to do."""
        return (f'the depth is not registered to the picture: its edges are {self.moved_px:.0f} '
                'pixels off (of 480 in height); register it (depth_image_proc/register, or '
                'align_depth of the driver), or record the camera that it was taken by')


def depth_edges(frame: PosedImage) -> DepthEdges | None:
    """Return the DepthEdges of a frame, None without depth or with too few edges."""
    if frame.depth_m is None:
        return None
    grey, camera = working_image(frame.image, frame.camera, _HEIGHT)
    whole = np.nan_to_num(np.asarray(frame.depth_m, np.float32), posinf=0.0, neginf=0.0)
    depth_m = cv2.resize(whole, (camera.width, camera.height), interpolation=cv2.INTER_NEAREST)
    # a shadow beside a near thing has no depth: what lies behind goes on there
    behind = cv2.dilate(depth_m, np.ones((9, 9), np.uint8))
    filled = np.where(depth_m > 0, depth_m, behind)
    jump = cv2.dilate(filled, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((depth_m > 0) & (jump > _EDGE * depth_m))
    if len(rows) < _LEAST_EDGES:
        return None
    some = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_EDGES)).astype(int)
    rows, columns = rows[some], columns[some]
    near = depth_m[rows, columns]
    return DepthEdges(np.c_[columns, rows].astype(np.float64), np.median(near) / near,
                      float(np.median(near)) / camera.focal, _strength(grey))


def _strength(grey: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    gradient = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    gradient = np.minimum(gradient / max(float(gradient.mean()), 1e-6), _STRONGEST)
    gradient = cv2.GaussianBlur(gradient, (0, 0), 1.0)
    return gradient / max(float(gradient.mean()), 1e-6)


def registration(edges: Several[DepthEdges]) -> Registration | None:
    """Return the Registration that frames of one size tell, None for too few of them."""
    if len(edges) < _LEAST_FRAMES:
        return None
    seen = _Stacked.of(edges)
    best = max(_tried(), key=lambda shift: float(seen.scores(shift).mean()))
    best = max(_around(best), key=lambda shift: float(seen.scores(shift).mean()))
    scores, still = seen.scores(best), seen.scores(NO_SHIFT)
    gains = np.log(scores / still)
    moved = np.linalg.norm(best.moved(seen.edges) - seen.edges.pixels, axis=1).mean()
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return Registration(best, float(scores.mean()), float(gains.mean()),
                        float(gains.mean() / max(error, 1e-9)), float((gains > 0).mean()),
                        float(moved * WORKING_HEIGHT / _HEIGHT),
                        float(moved * seen.edges.pixel_m))


def _tried() -> Iterator[DepthShift]:
    """Yield shifts of all sizes, and smaller ones with a zoom."""
    far, near = (np.arange(-reach, reach + 1, _STEP).tolist() for reach in (_REACH, _ZOOMED_REACH))
    for x, y in product(far, far):
        for by_baseline in (False, True):
            yield DepthShift(1.0, (x, y), by_baseline)
    for zoom, x, y in product(_ZOOMS, near, near):
        yield DepthShift(zoom, (x, y), True)


def _around(best: DepthShift) -> Iterator[DepthShift]:
    """Yield shifts that are nearly the same."""
    x, y = best.shift_px
    steps = range(-_STEP + 1, _STEP)
    for right, down in product(steps, steps):
        yield replace(best, shift_px=(x + right, y + down))


@dataclass(frozen=True)
class _Stacked:
    """The edges of N frames in one array."""

    edges: DepthEdges  # of all; its strength is that of the first frame
    frame: np.ndarray  # (E,) number of the frame
    strength: np.ndarray  # (N, H, W)

    @classmethod
    def of(cls, edges: Several[DepthEdges]) -> _Stacked:
        """Return the edges of frames together."""
        frame = np.repeat(np.arange(len(edges)), [len(one.pixels) for one in edges])
        joined = DepthEdges(np.concatenate([one.pixels for one in edges]),
                            np.concatenate([one.parallax for one in edges]),
                            float(np.median([one.pixel_m for one in edges])), edges[0].strength)
        return cls(joined, frame, np.stack([one.strength for one in edges]))

    def scores(self, shift: DepthShift) -> np.ndarray:
        """Return the mean strength of the pictures' edges (N,) where depth's are moved to.

        An edge that leaves the picture counts as one by chance.
        """
        count, height, width = self.strength.shape
        columns, rows = np.rint(shift.moved(self.edges)).astype(int).T
        within = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        met = np.ones(len(within))
        met[within] = self.strength[self.frame[within], rows[within], columns[within]]
        return np.bincount(self.frame, met, count) / np.bincount(self.frame, minlength=count)
