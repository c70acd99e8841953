# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Depth in the wrong unit: told at mapping by the poses, at a query by a pose without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scene_reloc_ros.features.local_features import LocalFeatures, orb, ratio_matches
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.network.preprocessing import grey_image
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.uncertainty.query import Query

# Ratio of depths from which on they are in another unit: sensors and poses err by less, and feet,
# 1/5000 m and millimetres by more.
LEAST_RATIO = 2.0
_ENOUGH, _PLENTY = 30, 200  # points that tell a ratio, count
_AGREEING, _WITHIN = 0.6, 1.4  # share of them that has to be within this factor of their median
_PLACES = 16  # frames whose depth is compared at most
_REACH = 60  # frames away that are looked at for a second view
_LARGEST_TURN = 0.3  # between two views, radians
_FEATURES, _LOWE = 1000, 0.8  # of a view; ratio of distances, see ``ratio_matches``
_PARALLAX_PX, _OFF_LINE_PX = 10.0, 4.0  # a match that tells a distance: at least, at most


def refuse_other_unit(frames: PosedFrames) -> None:
    """Raise ValueError where the depth of mapping frames is not in the unit of their poses.

    Points that two views share are triangulated from the poses and compared with the depth of the
    first view. Too few of them tell nothing. A pose that is missing or impossible is refused too.

    Args:
        frames: posed images, with depth or without.
    """
    ratios = np.zeros(0)
    for first, second in _views(frames):
        ratios = np.append(ratios, _ratios(first, second))
        if len(ratios) >= _PLENTY:
            break
    ratio = _agreed(ratios)
    if is_other_unit(ratio):
        raise ValueError(
            f'the depth of the frames is in another unit than their poses: in the median it says '
            f'{ratio:.3g} times the distance that the poses do ({len(ratios)} points); files have '
            '1/1000 m (7-Scenes) or 1/5000 m (recordings), messages millimetres (16UC1) or metres '
            '(32FC1), poses metres; or map without depth')


def is_other_unit(ratio: float | None) -> bool:
    """Tell whether a ratio of distances, None where unknown, is that of two units."""
    return ratio is not None and not 1 / LEAST_RATIO < ratio < LEAST_RATIO


def ratio_of_points(query: Query, depths_N: np.ndarray) -> float | None:
    """Return measured over mapped distances between the points of a query, None for too few.

    No pose is needed for it; where few points are right it tells little.

    Args:
        query: with N points.
        depths_N: metres, 0 where unknown.
    """
    known = np.flatnonzero(depths_N > 0)
    if len(known) < _ENOUGH:
        return None
    other = np.random.default_rng(0).permutation(known)
    rays, points = (np.asarray(values.detach().cpu(), np.float64)
                    for values in (query.problem.rays, query.problem.points))
    seen = rays / rays[:, 2:] * depths_N[:, None]
    measured, mapped = (np.linalg.norm(values[known] - values[other], axis=1)
                        for values in (seen, points))
    apart = (measured > 0) & (mapped > 0)
    return float(np.median(measured[apart] / mapped[apart])) if apart.any() else None


def ratio_at_inliers(found: Localisation, camera: Camera, depth_m: np.ndarray) -> float | None:
    """Return measured over mapped depths of the points that an accepted pose rests on.

    None where there is no pose, too few points, or the ratios do not agree.

    Args:
        found: without the depth.
        camera: of the query.
        depth_m: (H, W) metres, registered.
    """
    if found.map_from_cam is None:
        return None
    measured = depths_at_pixels(depth_m, camera, found.inlier_pixels)
    cam_from_map = invert_pose(found.map_from_cam)
    mapped = found.inlier_points @ cam_from_map[2, :3] + cam_from_map[2, 3]
    usable = (measured > 0) & (mapped > 0)
    return _agreed(measured[usable] / mapped[usable])


def depths_at_pixels(depth_m: np.ndarray, camera: Camera, pixels_N2: np.ndarray) -> np.ndarray:
    """Return depths (N,) at pixels of the image of a camera, metres, 0 where unknown."""
    depth_m = registered_depth(depth_m, camera)
    return trusted_depths(depth_m, pixels_N2, depth_m.shape[1] / camera.width)


def _agreed(ratios: np.ndarray) -> float | None:
    if len(ratios) < _ENOUGH:
        return None
    median = float(np.median(ratios))
    away = np.maximum(ratios / median, median / ratios)
    return median if np.mean(away < _WITHIN) >= _AGREEING else None


def _views(frames: PosedFrames) -> Iterator[tuple[PosedImage, PosedImage]]:
    """Yield frames with depth, each with others that look the same way from farther and nearer."""
    poses = invert_pose(mapping_poses(frames)).numpy()
    for index in np.unique(np.linspace(0, len(frames) - 1, _PLACES).astype(int)):
        near = np.arange(max(0, index - _REACH), min(len(frames), index + _REACH + 1))
        cosine = (np.einsum('ij,fij->f', poses[index, :3, :3], poses[near, :3, :3]) - 1) / 2
        moved = np.linalg.norm(poses[near, :3, 3] - poses[index, :3, 3], axis=1)
        usable = near[(cosine > np.cos(_LARGEST_TURN)) & (moved > 0)]
        first = frames[int(index)] if len(usable) else None
        if first is None or first.depth_m is None:
            continue
        order = usable[np.argsort(moved[usable - near[0]])]
        for second in np.unique((order[-1], order[len(order) // 2])):
            yield first, frames[int(second)]


def _ratios(first: PosedImage, second: PosedImage) -> np.ndarray:
    """Return measured over triangulated depths (N,) of points that two views share."""
    features = [orb(_FEATURES)(grey_image(frame.image)) for frame in (first, second)]
    pixels, others = _matched(*features)
    measured = depths_at_pixels(np.asarray(first.depth_m), first.camera, pixels)
    turned = first.camera.rays(pixels) @ _relative(first, second)[:3, :3].T
    triangulated, told = _triangulated(turned, second.camera.rays(others),
                                       _relative(first, second)[:3, 3], second.camera.focal)
    told &= measured > 0
    return measured[told] / triangulated[told]


def _matched(first: LocalFeatures, second: LocalFeatures) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = ratio_matches(first.descriptors @ second.descriptors.T, _LOWE)
    return (np.asarray(first.pixels[rows], np.float64),
            np.asarray(second.pixels[columns], np.float64))


def _relative(first: PosedImage, second: PosedImage) -> np.ndarray:
    """Return second_from_first (4, 4)."""
    return invert_pose(np.asarray(second.map_from_cam)) @ np.asarray(first.map_from_cam)


def _triangulated(turned: np.ndarray, seen: np.ndarray, moved: np.ndarray,
                  focal_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return depths z (N,) where z turned + moved lies on the rays seen, and which are told.

    (z a + t) x b = 0 in the least squares; a match whose rays hardly differ tells nothing, and one
    that stays off its line is wrong.

    Args:
        turned: (N, 3) rays of the first view, z = 1 there, in the frame of the second.
        seen: (N, 3) rays of the second view.
        moved: (3,) of the first camera, in the frame of the second.
        focal_px: of the second view.
    """
    b = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    ab, tb = np.cross(turned, b), np.cross(moved, b)
    squared = np.maximum((ab ** 2).sum(1), 1e-12)
    z = -(ab * tb).sum(1) / squared
    points = z[:, None] * turned + moved
    parallax = np.sqrt(squared) / np.linalg.norm(turned, axis=1)
    off_line = (np.linalg.norm(np.cross(points, b), axis=1)
                / np.maximum(np.linalg.norm(points, axis=1), 1e-12))
    with np.errstate(invalid='ignore'):  # rays that a lens does not have are NaN
        told = ((z > 0) & (parallax * focal_px > _PARALLAX_PX)
                & (off_line * focal_px < _OFF_LINE_PX) & ((points * b).sum(1) > 0))
    return z, told
