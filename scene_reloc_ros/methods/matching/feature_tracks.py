# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Tracks of local features through key frames of known poses, and the points that they tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.features.local_features import LocalFeatures, ratio_matches
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection, fit_depth_correction
from scene_reloc_ros.mapping.progress import Deadline, fewer_than, MappingProgress, Pace
from scene_reloc_ros.methods.matching.camera_fit import learn_camera
from scene_reloc_ros.methods.matching.key_frame_maps import ViewPoints
from scene_reloc_ros.methods.matching.triangulation import (
    in_camera,
    MET_PX,
    Tracks,
    triangulate,
    Triangulated,
)
from scene_reloc_ros.methods.matching.views import (
    epipolar_lines,
    lifted,
    pairs_of,
    UNSURE,
    View,
)

RATIO = 0.85  # of the distance to the best match to that of the second best
_GATE_PX = 12.0  # farthest from its epipolar line before the camera is known, pixels
_MATCHING_SHARE = 0.75  # of the time; the rest is for the points
_LEAST_SEEN = 2  # views of a point
_CAMERA_TRACKS = 4000  # that a camera is learnt from, count
_FEATURE_PX = 1.0  # standard deviation of where a feature is found, pixels
_EXACT = 0.05  # largest standard deviation of a triangulated point, of its distance

FeatureView = View[LocalFeatures]


@dataclass(frozen=True)
class FeatureTracks:
    """M observations of T tracks, and which feature of which view each is."""

    tracks: Tracks
    view: torch.Tensor  # (M,) int64
    feature: torch.Tensor  # (M,) int64

    def of(self, chosen: torch.Tensor) -> FeatureTracks:
        """Return the observations of a mask (M,), of which the points are counted anew."""
        kept = self.tracks.of(chosen)
        _, point = kept.point.unique(return_inverse=True)
        return FeatureTracks(Tracks(point, kept.rays, kept.cam_from_map, kept.focal_px),
                             self.view[chosen], self.feature[chosen])

    def seen_by(self, least: int) -> torch.Tensor:
        """Return which observations (M,) are of points that so many have seen."""
        return torch.bincount(self.tracks.point, minlength=self.tracks.count)[
            self.tracks.point] >= least


def feature_points(views: list[FeatureView], rng: np.random.Generator, count: int,
                   progress: MappingProgress) -> ViewPoints:
    """Return the points of at most ``count`` features of each view.

    A feature that enough views see, from far enough apart, is triangulated; else it is where its
    depth has it, if it has one.
    """
    observed, cut_short = tracks_of(views, rng, progress)
    correction, figures = _camera_of(observed, rng)
    observed, found = _agreeing(observed, correction)
    return replace(placed(views, observed, found.points, count, (correction, figures)),
                   cut_short=cut_short)


def placed(views: list[FeatureView], observed: FeatureTracks, found: torch.Tensor, count: int,
           camera: tuple[CameraRefinement, dict[str, Any] | None]) -> ViewPoints:
    """Return where at most ``count`` features of each view are.

    Args:
        views: all key frames.
        observed: what is seen of the points.
        found: (T, 3) float64 points, metres.
        count: of the features of a view.
        camera: what is known of it, and figures for people.
    """
    correction, figures = camera
    depth = _depth_of(views, observed, found)
    points, features = [], []
    for number, view in enumerate(views):
        mine = observed.view == number
        place = torch.full((len(view.local), 3), torch.nan).double()
        if view.depths is not None and depth is not None:
            known = (view.depths > 0).nonzero()[:, 0]
            place[known] = lifted(view, view.local.pixels[known], view.depths[known],
                                  correction, depth)
        place[observed.feature[mine]] = found[observed.tracks.point[mine]]
        kept = torch.isfinite(place).all(1).nonzero()[:count, 0]
        points.append(place[kept])
        features.append(kept)
    return ViewPoints(correction, depth, figures, points, features)


def tracks_of(views: list[FeatureView], rng: np.random.Generator,
              progress: MappingProgress) -> tuple[FeatureTracks, str]:
    """Return the tracks of features that are matched between neighbouring views, and what is not.

    Features that are joined by a chain of matches are one track; a view sees it once. Where the
    deadline leaves no time for all pairs of views, some are left out, evenly.
    """
    pairs = pairs_of(views, rng)
    first = torch.tensor([0, *(len(view.local) for view in views)]).cumsum(0)
    edges = [torch.zeros(2, 0, dtype=torch.long)]
    pace = Pace(len(pairs), Deadline(_MATCHING_SHARE * progress.deadline.left_s))
    for done, (one, other) in enumerate(pairs):
        if not pace.takes(done):
            continue
        mine, theirs = _matches(views[one], views[other])
        edges.append(torch.stack((first[one] + mine, first[other] + theirs)))
        progress('matching', (done + 1) / len(pairs), f'{done + 1} of {len(pairs)} pairs')
    label = torch.from_numpy(connected(int(first[-1]), *torch.cat(edges, 1).numpy()))
    owner = torch.repeat_interleave(torch.arange(len(views)), first.diff())
    joined = label * len(views) + owner
    order = joined.argsort(stable=True)
    once = torch.ones_like(order, dtype=torch.bool)
    once[1:] = joined[order][1:] != joined[order][:-1]
    chosen = order[once]
    found = observed_tracks(views, label[chosen], owner[chosen], chosen - first[owner[chosen]])
    return found.of(found.seen_by(_LEAST_SEEN)), fewer_than(len(pairs), pace.done,
                                                             'pairs of views matched')


def observed_tracks(views: list[FeatureView], point: torch.Tensor, view: torch.Tensor,
                    feature: torch.Tensor) -> FeatureTracks:
    """Return the tracks of which the point, the view and its feature (M,) of each are known."""
    first = torch.tensor([0, *(len(one.local) for one in views)]).cumsum(0)
    rays = torch.cat([one.rays(one.local.pixels) for one in views])
    poses = torch.stack([invert_pose(one.map_from_cam) for one in views])
    return FeatureTracks(Tracks(point, rays[first[view] + feature], poses[view],
                                views[0].camera.focal), view, feature)


def connected(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for each of ``count`` nodes (N,) the smallest number that edges (E,) join it to."""
    label = np.arange(count)
    while True:
        low = np.minimum(label[first], label[second])
        after = label.copy()
        np.minimum.at(after, first, low)
        np.minimum.at(after, second, low)
        after = after[after]
        if np.array_equal(after, label):
            return label
        label = after


def _matches(view: FeatureView, other: FeatureView) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the features (K,) of both views that are one, as the poses allow it."""
    mine, theirs = ratio_matches(view.local.descriptors @ other.local.descriptors.T, RATIO)
    lines = epipolar_lines(view, view.local.pixels[mine], other)
    there = other.rays(other.local.pixels[theirs]).float()
    near = ((lines[:, :2] * there).sum(1) + lines[:, 2]).abs() < _GATE_PX
    return mine[near], theirs[near]


def _camera_of(observed: FeatureTracks, rng: np.random.Generator,
               ) -> tuple[CameraRefinement, dict[str, Any] | None]:
    """Return what some of the tracks tell of the camera, and figures for people."""
    if not observed.tracks.count:
        return CameraRefinement().requires_grad_(False), None
    some = torch.zeros(observed.tracks.count, dtype=torch.bool)
    some[torch.from_numpy(rng.permutation(len(some))[:_CAMERA_TRACKS])] = True
    found, figures = learn_camera(observed.of(some[observed.tracks.point]).tracks)
    return (CameraRefinement(found.camera).requires_grad_(False),
            {**figures, 'tracks': observed.tracks.count})


def _agreeing(observed: FeatureTracks,
              correction: CameraRefinement) -> tuple[FeatureTracks, Triangulated]:
    """Return the observations that agree with their points, and the points, exact enough."""
    camera = correction.values.double()
    for _ in range(2):
        found = triangulate(observed.tracks, camera)
        observed = observed.of(found.errors_px < MET_PX)
        observed = observed.of(observed.seen_by(_LEAST_SEEN))
    found = triangulate(observed.tracks, camera)
    tracks = observed.tracks
    centres = invert_pose(tracks.cam_from_map)[:, :3, 3]
    distance = (found.points[tracks.point] - centres).norm(dim=1)
    spread = _FEATURE_PX * found.spreads
    exact = spread[tracks.point] < _EXACT * distance
    return _only(observed, found, exact)


def _only(observed: FeatureTracks, found: Triangulated,
          chosen: torch.Tensor) -> tuple[FeatureTracks, Triangulated]:
    """Return some observations (M,) and the points that they are of."""
    points = observed.tracks.point[chosen].unique()
    return observed.of(chosen), Triangulated(
        found.points[points], found.covariances[points], found.errors_px[chosen], found.camera)


def _depth_of(views: list[FeatureView], observed: FeatureTracks,
              found: torch.Tensor) -> DepthCorrection | None:
    """Compare the points with the depths of the views that see them; None without depth."""
    if not any(view.depths is not None for view in views):
        return None
    depths = torch.zeros(len(observed.view))
    for number, view in enumerate(views):
        mine = observed.view == number
        if view.depths is not None:
            depths[mine] = view.depths[observed.feature[mine]]
    seen = in_camera(observed.tracks, found)
    fitted = fit_depth_correction(seen[:, 2], depths.double(), seen[:, :2] / seen[:, 2:],
                                  observed.view)
    return fitted or DepthCorrection(weight=UNSURE)
