# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Tracks of cells through key frames: what they tell of the camera, the depths and the points.

Every track is a star: one cell of a key frame, and where its neighbours show it. Poses are given;
so a camera that is a little off its calibration, or a depth image that is off by a scale, shows
in how badly rays and depths of many views meet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from scene_reloc_ros.features.cell_grid import CellGrid
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection, fit_depth_correction
from scene_reloc_ros.methods.matching.camera_fit import learn_camera
from scene_reloc_ros.methods.matching.triangulation import (
    MET_PX,
    Tracks,
    triangulate,
    Triangulated,
)
from scene_reloc_ros.methods.matching.views import (
    epipolar_distances,
    lifted,
    Neighbours,
    UNSURE,
    View,
)

_LEAST_VIEWS = 8  # of which a camera is learnt, count
_REFERENCES = 40  # key frames that a camera is learnt from, count
_CELLS = 60  # of each, count
_LOOKED_IN = 8  # neighbours of a key frame that its points are triangulated with, count
_SIMILARITY = 0.65  # least of a cell and where it is found, cosine
_COARSE = 0.25  # by which it may be less where a search begins
_GATE_PX = 20.0  # farthest from its line that a coarse cell is looked at, pixels
_RETURN = 2  # cells by which the way back may miss
_LEAST_SEEN = 4  # views of a point, the first included
_CELL_PX = 1.5  # standard deviation of where a cell is found, pixels
_EXACT = 0.1  # largest standard deviation of a triangulated point, of its distance
_DEPTH_EXACT = 0.03  # the same of one that a depth camera is compared with

CellView = View[CellGrid]


def calibrate(views: list[CellView], rng: np.random.Generator, points: bool = True,
              ) -> tuple[CameraRefinement, DepthCorrection | None, dict[str, Any] | None]:
    """Return what tracks tell of the camera and its depths, and figures for people.

    Args:
        views: all key frames.
        rng: of the key frames, cells and neighbours that are looked at.
        points: whether the map has any; else nothing is asked.
    """
    has_depth = any(view.depths is not None for view in views)
    unknown = DepthCorrection(weight=UNSURE) if has_depth else None
    if not points or len(views) < _LEAST_VIEWS:
        return CameraRefinement().requires_grad_(False), unknown, None
    chosen = rng.permutation(len(views))[:_REFERENCES]
    neighbours = Neighbours(views, rng)
    stars = [_star(views[i], [views[j] for j in neighbours.of(int(i))],
                   _some(views[i].local.coarse, _CELLS, rng)) for i in chosen]
    tracks, first = _joined(stars)
    if not tracks.count:
        return CameraRefinement().requires_grad_(False), unknown, None
    found, figures = learn_camera(tracks)
    depth = _depth_correction([views[i] for i in chosen], stars, (tracks, found, first))
    return (CameraRefinement(found.camera).requires_grad_(False),
            (depth or unknown) if has_depth else None, figures)


def points_of(view: CellView, neighbours: list[CellView], count: int,
              correction: CameraRefinement, depth: DepthCorrection | None,
              rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points (K, 3) float64 of at most ``count`` cells of a key frame, and the cells (K,).

    They are triangulated from its neighbours where those agree, else measured, where the frame
    has depth.
    """
    if view.depths is not None and depth is not None:
        points, cells = measured_points(view, count, correction, depth)
    else:
        cells = _some(view.local.coarse, 2 * count, rng)
        points = torch.full((len(cells), 3), torch.nan).double()
    if len(cells):
        star = _star(view, neighbours[:_LOOKED_IN], cells)
        found = triangulate(star, correction.values.double())
        exact = _agreed(star, found, view)
        points[exact] = found.points[exact]
    kept = torch.isfinite(points).all(1).nonzero()[:count, 0]
    return points[kept], cells[kept]


def measured_points(view: CellView, count: int, correction: CameraRefinement,
                    depth: DepthCorrection | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points (K, 3) of evenly chosen cells whose depth is known, and the cells (K,)."""
    coarse = view.local.coarse
    if view.depths is None or depth is None or not count:
        return torch.zeros(0, 3).double(), coarse[:0]
    known = coarse[view.depths[coarse] > 0]
    cells = known[torch.linspace(0, len(known) - 1, min(count, len(known))).long()]
    return lifted(view, view.local.pixels(cells), view.depths[cells], correction, depth), cells


def _some(cells: torch.Tensor, count: int, rng: np.random.Generator) -> torch.Tensor:
    return cells[torch.from_numpy(rng.permutation(len(cells))[:count])]


def _star(view: CellView, neighbours: list[CellView], cells: torch.Tensor) -> Tracks:
    """Return the tracks of some cells (K,) of a key frame: it sees all, neighbours see some."""
    cam_from_map = invert_pose(view.map_from_cam)
    numbers = [torch.arange(len(cells))]
    rays, poses = [view.rays(view.local.pixels(cells))], [cam_from_map.expand(len(cells), 4, 4)]
    for other in neighbours:
        found, pixels = _found_in(view, cells, other)
        numbers.append(found)
        rays.append(other.rays(pixels))
        poses.append(invert_pose(other.map_from_cam).expand(len(found), 4, 4))
    return Tracks(torch.cat(numbers), torch.cat(rays), torch.cat(poses), view.camera.focal)


def _found_in(view: CellView, cells: torch.Tensor, other: CellView,
              ) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which of a view's cells (K,) another shows too, and their pixels there.

    Poses tell on which line a cell has to be; what looks alike elsewhere is not looked at.
    """
    mine, theirs = view.local, other.local
    wanted, searched = mine.descriptors[cells], theirs.coarse
    near = epipolar_distances(view, mine.pixels(cells), other, theirs.pixels(searched)) < _GATE_PX
    begun = _nearest(wanted, theirs.descriptors[searched], near)
    possible = begun.values > _SIMILARITY - _COARSE
    cells, wanted = cells[possible], wanted[possible]
    there, pixels, similarity = theirs.refined(wanted, searched[begun.indices[possible]])
    near = epipolar_distances(other, pixels, view, mine.pixels(mine.coarse)) < _GATE_PX
    back = mine.coarse[_nearest(theirs.descriptors[there], mine.descriptors[mine.coarse],
                                near).indices]
    missed = torch.maximum((back // mine.columns - cells // mine.columns).abs(),
                           (back % mine.columns - cells % mine.columns).abs())
    found = (similarity > _SIMILARITY) & (missed <= _RETURN)
    return possible.nonzero()[found, 0], pixels[found]


def _nearest(wanted: torch.Tensor, descriptors: torch.Tensor,
             allowed: torch.Tensor) -> torch.return_types.max:
    """Return the largest cosine (K,) of each (K, D) among those (M, D) that are allowed (K, M)."""
    return (wanted @ descriptors.T).masked_fill(~allowed, -1.0).max(1)


def _joined(stars: list[Tracks]) -> tuple[Tracks, torch.Tensor]:
    """Return the tracks of all stars that enough views see, and where each star's begin.

    The points of star s that are kept have the numbers first[s] to first[s + 1].
    """
    parts, first, count = [], [0], 0
    for star in stars:
        seen = torch.bincount(star.point, minlength=star.count) >= _LEAST_SEEN
        number = torch.cumsum(seen.long(), 0) - 1 + count
        kept = star.of(seen[star.point])
        parts.append((number[kept.point], kept.rays, kept.cam_from_map))
        count += int(seen.sum())
        first.append(count)
    point, rays, poses = (torch.cat(column) for column in zip(*parts))
    return Tracks(point, rays, poses, stars[0].focal_px), torch.tensor(first)


def _agreed(tracks: Tracks, found: Triangulated, view: CellView,
            exact: float = _EXACT) -> torch.Tensor:
    """Return which points (T,) enough views agree with, so that they are exact enough."""
    met = torch.zeros(tracks.count).index_add(
        0, tracks.point, (found.errors_px < MET_PX).float())
    spread = _CELL_PX * found.spreads
    distance = (found.points - view.map_from_cam[:3, 3]).norm(dim=1)
    return (met >= _LEAST_SEEN) & (spread < exact * distance)


def _depth_correction(views: list[CellView], stars: list[Tracks],
                      joined: tuple[Tracks, Triangulated, torch.Tensor],
                      ) -> DepthCorrection | None:
    """Compare triangulated points with the depths of the key frames that they begin in."""
    tracks, found, first = joined
    columns: list[tuple[torch.Tensor, ...]] = []
    for number, (view, star) in enumerate(zip(views, stars)):
        mine = slice(int(first[number]), int(first[number + 1]))
        if view.depths is None or mine.start == mine.stop:
            continue
        cam_from_map = invert_pose(view.map_from_cam)
        seen = found.points[mine] @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
        counted = torch.bincount(star.point, minlength=star.count) >= _LEAST_SEEN
        own = star.rays[:star.count][counted]  # a star begins with its own view
        depths = _depths_along(view, own)
        good = _agreed(tracks, found, view, _DEPTH_EXACT)[mine] & (depths > 0) & (seen[:, 2] > 0)
        rays = seen[:, :2] / seen[:, 2:]
        columns.append((seen[good, 2], depths[good], rays[good],
                        torch.full((int(good.sum()),), number)))
    if not columns:
        return None
    return fit_depth_correction(*(torch.cat(column) for column in zip(*columns)))


def _depths_along(view: CellView, rays: torch.Tensor) -> torch.Tensor:
    """Return the depths (K,) of the cells whose rays (K, 2) are given."""
    assert view.depths is not None
    every = view.rays(view.local.pixels(view.local.coarse))
    nearest = torch.cdist(rays, every).argmin(1)
    return view.depths[view.local.coarse][nearest].double()
