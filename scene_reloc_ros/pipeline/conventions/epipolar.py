# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Epipolar error of view pairs: how well poses and a camera explain what two views share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

_PIXEL_PX = 1.5  # standard deviation of a match that is explained, pixels
_BLOCKS = 8  # of neighbouring frames, which err together, that a comparison rests on
_LEAST_BLOCKS = 3
_CLEAR_GAIN, _CLEAR_RATIO, _MOSTLY = 0.6, 3.0, 0.75  # see ``Gain.clear``


@dataclass(frozen=True)
class Gain:
    """How much better an alternative explains view pairs than what it is compared with."""

    mean: float  # of the logarithm of the squared error, over blocks
    ratio: float  # the mean to its standard deviation, as the blocks differ
    share: float  # of the blocks in which it is better

    @property
    def clear(self) -> bool:
        """Tell whether it is better beyond chance, by enough, and nearly everywhere."""
        return (self.mean > _CLEAR_GAIN and self.ratio > _CLEAR_RATIO
                and self.share >= _MOSTLY)


NO_GAIN = Gain(0.0, 0.0, 0.0)


def relative_poses(map_from_cam: np.ndarray, pairs: ViewPairs) -> np.ndarray:
    """Return second_from_first (P, 4, 4) of poses (F, 4, 4)."""
    first, second = pairs.frames.T
    return invert_pose(map_from_cam[second]) @ map_from_cam[first]


def chords_px(relative: np.ndarray, pairs: ViewPairs) -> tuple[np.ndarray, np.ndarray]:
    """Return one over the depth (M,) in the first view, and the error vectors (M, 3), pixels.

    A point at depth z along the ray a of the first view lies in the direction a + t / z of the
    second: on the half of the epipolar line that begins where the ray at infinity is seen and ends
    at the epipole. The nearest place on that half is taken, so that a point behind a camera is an
    error, and a camera that only turned has one too.

    Args:
        relative: (P, 4, 4) second_from_first, in any unit.
        pairs: P pairs of M matches.
    """
    ahead = _turned(relative, pairs)
    shift = relative[pairs.pair, :3, 3]
    seen = _unit(np.c_[pairs.second, np.ones(len(pairs.second))])
    across, along = np.cross(ahead, seen), np.cross(shift, seen)
    squared = (along ** 2).sum(1)
    inverse = np.maximum(-(across * along).sum(1) / np.maximum(squared, 1e-18), 0)
    explained = _unit(ahead + inverse[:, None] * shift)
    return inverse, pairs.camera.focal * (explained - seen)


def parallaxes_px(relative: np.ndarray, pairs: ViewPairs, inverse: np.ndarray) -> np.ndarray:
    """Return how far (M,) points are seen from where they would be at infinity, pixels."""
    ahead = _turned(relative, pairs)
    near = _unit(ahead + inverse[:, None] * relative[pairs.pair, :3, 3])
    return pairs.camera.focal * np.linalg.norm(np.cross(_unit(ahead), near), axis=1)


def pair_costs(relative: np.ndarray, pairs: ViewPairs) -> np.ndarray:
    """Return the mean of log(1 + e^2 / s^2) over the matches of each pair (P,): robust, smooth."""
    chords = chords_px(relative, pairs)[1]
    cost = np.log1p((chords ** 2).sum(1) / _PIXEL_PX ** 2)
    count = np.bincount(pairs.pair, minlength=len(pairs))
    return np.bincount(pairs.pair, cost, len(pairs)) / np.maximum(count, 1)


def costs_of(map_from_cam: np.ndarray, pairs: ViewPairs) -> np.ndarray:
    """Return ``pair_costs`` (P,) of poses (F, 4, 4)."""
    return pair_costs(relative_poses(map_from_cam, pairs), pairs)


def typical_px(costs: np.ndarray) -> float:
    """Return the error, pixels, of which costs (P,) speak in the median."""
    return float(_PIXEL_PX * np.sqrt(np.expm1(np.median(costs)))) if len(costs) else float('nan')


def gain_of(costs: np.ndarray, others: np.ndarray, pairs: ViewPairs) -> Gain:
    """Return the Gain of costs (P,) against other ones (P,); NaN where a pair is not comparable.

    Pairs share frames, so blocks of neighbouring frames are what is counted.
    """
    gained = others - costs
    known = np.isfinite(gained)
    if not known.any():
        return NO_GAIN
    firsts = pairs.frames[known, 0]
    order = np.argsort(firsts, kind='stable')
    blocks = [block for block in np.array_split(gained[known][order], _BLOCKS) if len(block)]
    if len(blocks) < _LEAST_BLOCKS:
        return NO_GAIN
    means = np.array([block.mean() for block in blocks])
    spread = means.std(ddof=1) / np.sqrt(len(means))
    return Gain(float(means.mean()), float(means.mean() / max(spread, 1e-9)),
                float((means > 0).mean()))


def _turned(relative: np.ndarray, pairs: ViewPairs) -> np.ndarray:
    """Return the rays (M, 3) of the first views, z = 1 there, in the axes of the second ones."""
    rays = np.c_[pairs.first, np.ones(len(pairs.first))]
    return np.einsum('mij,mj->mi', relative[pairs.pair, :3, :3], rays)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
