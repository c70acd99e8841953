# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""View matching: points that two mapping views share; they tell a calibration from the poses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose

Features = tuple[np.ndarray, Any]  # pixels (K, 2) and descriptors (K, 128), None where K = 0
RaysOf = Callable[[np.ndarray], np.ndarray]  # pixels (N, 2) -> x and y (N, 2) where z = 1

_FEATURES = 1000  # a view at most
_RATIO = 0.8  # of the best descriptor distance to the second best (Lowe, IJCV 2004)
_ATTEMPTS = 8  # pairs looked at for each one that is wanted
_LEAST_MATCHES = 30  # of a pair


@dataclass(frozen=True)
class MatchingOptions:
    """Which views are matched, and how far off their poses and calibration may be."""

    pairs: int = 100  # pairs of views that are matched, count; 0 trusts the calibration
    smallest_turn_deg: float = 4.0  # between two views: less says nothing of the lens, degrees
    largest_turn_deg: float = 25.0  # more and they share nothing that looks alike, degrees
    largest_move: float = 0.35  # between two views, of the extent of all cameras
    gate_px: float = 15.0  # matches farther from their epipolar lines are wrong, pixels


@dataclass(frozen=True)
class ViewMatches:
    """N points, each seen in two views of known poses."""

    first: np.ndarray  # (N, 2) x and y of the rays where z = 1, by the given calibration
    second: np.ndarray  # (N, 2) the same in the other view
    essential: np.ndarray  # (N, 3, 3) first^T E second = 0, of unit norm
    pairs: int


def match_views(images: Callable[[int], np.ndarray], rays_of: RaysOf, map_from_cam: np.ndarray,
                rng: np.random.Generator, options: MatchingOptions,
                keep_going: Callable[[int], bool]) -> ViewMatches:
    """Return the ViewMatches of pairs of views that turn against each other.

    Args:
        images: function of a frame's index: its (H, W) grey image.
        rays_of: function of pixels (N, 2): x and y (N, 2) of the rays where z = 1.
        map_from_cam: (F, 4, 4) numpy poses.
        rng: numpy generator.
        options: MatchingOptions.
        keep_going: asked before every pair with the number of those done; False ends it.
    """
    described: dict[int, Features] = {}
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def features(index: int) -> Features:
        if index not in described:
            described[index] = _features(images(index))
        return described[index]

    for i, j in _candidates(map_from_cam, rng, options):
        if len(found) == options.pairs or not keep_going(len(found)):
            break
        relative = invert_pose(map_from_cam[i]) @ map_from_cam[j]
        pixels = _matched_pixels(features(i), features(j))
        if len(pixels[0]) < _LEAST_MATCHES:
            continue
        essential = _essential(relative)
        first, second = (rays_of(points) for points in pixels)
        near = _near_lines(first, second, essential, options.gate_px / _pixel(rays_of))
        if near.sum() >= _LEAST_MATCHES:
            count = int(near.sum())
            found.append((first[near], second[near], np.repeat(essential[None], count, 0)))
    if not found:
        return ViewMatches(np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 3, 3)), 0)
    first, second, essentials = (np.concatenate(part) for part in zip(*found))
    return ViewMatches(first, second, essentials, len(found))


def _candidates(map_from_cam: np.ndarray, rng: np.random.Generator,
                options: MatchingOptions) -> Iterator[np.ndarray]:
    """Yield pairs (i, j) of frames that turned and moved by what the options ask for."""
    positions = map_from_cam[:, :3, 3]
    extent = np.linalg.norm(positions.max(0) - positions.min(0))
    if extent <= 0 or not options.pairs:
        return
    low, high = np.cos(np.radians((options.largest_turn_deg, options.smallest_turn_deg)))
    draws = rng.integers(len(map_from_cam), size=(options.pairs * _ATTEMPTS * 10, 2))
    turned = (np.einsum('nij,nij->n', *(map_from_cam[column][:, :3, :3] for column in draws.T))
              - 1) / 2
    moved = np.linalg.norm(positions[draws[:, 0]] - positions[draws[:, 1]], axis=1)
    good = ((turned > low) & (turned < high) & (moved > 0.01 * extent)
            & (moved < options.largest_move * extent))
    yield from draws[good][:options.pairs * _ATTEMPTS]


def _features(grey: np.ndarray) -> Features:
    """Return the pixels (K, 2) and descriptors (K, 128) of an image."""
    sift = cv2.SIFT_create(_FEATURES)  # type: ignore[attr-defined]  # the stubs lack it
    points, descriptors = sift.detectAndCompute(grey, None)
    pixels = np.array([point.pt for point in points], np.float64).reshape(-1, 2)
    return pixels, descriptors


def _matched_pixels(first: Features, second: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (N, 2) of both views whose descriptors are each other's clear best."""
    if min(len(first[0]), len(second[0])) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(first[1], second[1], k=2)
    good = [best for best, other in pairs if best.distance < _RATIO * other.distance]
    return (first[0][[match.queryIdx for match in good]],
            second[0][[match.trainIdx for match in good]])


def _essential(relative: np.ndarray) -> np.ndarray:
    """Return E = [t]x R of unit norm, of first_from_second (4, 4)."""
    x, y, z = relative[:3, 3]
    essential = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0))) @ relative[:3, :3]
    return essential / np.linalg.norm(essential)


def _near_lines(first: np.ndarray, second: np.ndarray, essential: np.ndarray,
                bound: float) -> np.ndarray:
    lines = np.c_[second, np.ones(len(second))] @ essential.T
    distance = np.abs((np.c_[first, np.ones(len(first))] * lines).sum(1))
    return distance < bound * np.linalg.norm(lines[:, :2], axis=1)


def _pixel(rays_of: RaysOf) -> float:
    """Return how many pixels a unit on the plane z = 1 measures."""
    ahead, aside = rays_of(np.array(((320.0, 240.0), (321.0, 240.0))))
    return float(1 / np.linalg.norm(aside - ahead))
