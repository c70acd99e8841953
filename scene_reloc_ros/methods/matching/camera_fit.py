# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The camera that tracks through posed views tell, where it lets views be found better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import corrected_rays
from scene_reloc_ros.methods.matching.triangulation import (
    CAMERA_VALUES,
    MET_PX,
    Tracks,
    triangulate,
    Triangulated,
)
from scene_reloc_ros.solver.normal_equations import View
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.refinement import refine
from scene_reloc_ros.solver.residuals import Observations

_STEPS = 20  # of Gauss-Newton that a camera is learnt with
_ASKED = 40  # views that are left out, count
_NEAR = 0.4  # novelty (``view_novelty``) below which views share the error of their poses
_LEAST_POINTS = 20  # that a view is found by, count
_LEAST_VIEWS = 5  # that tell which camera is better, count
_SEEN_BY = 2  # other views of a point
_EXACT = 0.05  # largest standard deviation of a point, of its distance
_FINDING = SolverOptions(threshold_px=12.0)
_LEAST_M = 1e-4  # errors below count as this, metres


def learn_camera(tracks: Tracks) -> tuple[Triangulated, dict[str, Any]]:
    """Return the points of tracks with the camera that they tell, and figures for people.

    The camera stays as it was calibrated where rays miss their points no less with another, or
    where views that are left out are found no better: views that only turn leave the points, and
    with them the camera, undetermined; errors of poses bend a camera that nothing is wrong with.
    """
    nothing = torch.zeros(CAMERA_VALUES).double()
    before = triangulate(tracks, nothing)
    found = triangulate(tracks, nothing, _STEPS, free_camera=True)
    before_px, after_px = (float(one.errors_px.median()) for one in (before, found))
    if not (after_px <= before_px and _finds_better(tracks, found.camera)):
        found, after_px = before, before_px
    return found, {'tracks': tracks.count, 'before_px': before_px, 'after_px': after_px}


def left_out_errors(tracks: Tracks, camera: torch.Tensor) -> torch.Tensor:
    """Return how far from their poses views are found by what other views tell (V,), metres.

    A view is found from its known pose by the points that views unlike it have seen too, by pixels
    alone. Those like it are left out with it, for their poses share an error. NaN: it shares too
    few points with the rest.

    Args:
        tracks: of at least two views.
        camera: (5,) values of a CameraRefinement.
    """
    poses, view = tracks.cam_from_map.reshape(-1, 16).unique(dim=0, return_inverse=True)
    some = torch.linspace(0, len(poses) - 1, min(_ASKED, len(poses))).round().long()
    every = _Views(tracks, view, invert_pose(poses.reshape(-1, 4, 4)))
    return torch.tensor([every.error_m(int(number), camera) for number in some]).double()


def _finds_better(tracks: Tracks, camera: torch.Tensor) -> bool:
    given, other = (left_out_errors(tracks, one) for one in (torch.zeros_like(camera), camera))
    told = torch.isfinite(given) & torch.isfinite(other)
    logs = [one[told].clamp_min(_LEAST_M).log().mean() for one in (other, given)]
    return int(told.sum()) >= _LEAST_VIEWS and bool(logs[0] < logs[1])


@dataclass(frozen=True)
class _Views:
    """What V views see of tracks."""

    tracks: Tracks
    view: torch.Tensor  # (M,) int64, of each observation
    map_from_cam: torch.Tensor  # (V, 4, 4) metres

    def error_m(self, number: int, camera: torch.Tensor) -> float:
        """Return how far from its pose a view is found, metres, or NaN."""
        pose = self.map_from_cam[number]
        mine = self.view == number
        points = self._points_without(mine, pose, camera)
        seen = mine & torch.isfinite(points[self.tracks.point]).all(1)
        if int(seen.sum()) < _LEAST_POINTS:
            return torch.nan
        rays = torch.nn.functional.pad(corrected_rays(camera, self.tracks.rays[seen]), (0, 1),
                                       value=1.0)
        problem = PoseProblem(rays, points[self.tracks.point[seen]], self.tracks.focal_px)
        cells = Observations.of(problem, _FINDING, torch.float64)
        found = refine(invert_pose(pose)[None], [View(cells)], _FINDING.final_steps,
                       _FINDING).poses[0]
        return float((invert_pose(found)[:3, 3] - pose[:3, 3]).norm())

    def _points_without(self, mine: torch.Tensor, pose: torch.Tensor,
                        camera: torch.Tensor) -> torch.Tensor:
        """Return points (T, 3) of tracks that a view sees, told by views unlike it; else NaN."""
        tracks = self.tracks
        asked = torch.zeros(tracks.count, dtype=torch.bool)
        asked[tracks.point[mine]] = True
        unlike = view_novelty(pose, self.map_from_cam) > _NEAR
        used = unlike[self.view] & asked[tracks.point]
        points = torch.full((tracks.count, 3), torch.nan).double()
        numbers, point = tracks.point[used].unique(return_inverse=True)
        if not len(numbers):
            return points
        others = Tracks(point, tracks.rays[used], tracks.cam_from_map[used], tracks.focal_px)
        found = triangulate(others, camera)
        met = torch.bincount(point[found.errors_px < MET_PX], minlength=others.count)
        distance = (found.points - pose[:3, 3]).norm(dim=1)
        good = (met >= _SEEN_BY) & (found.spreads < _EXACT * distance)
        points[numbers[good]] = found.points[good]
        return points
