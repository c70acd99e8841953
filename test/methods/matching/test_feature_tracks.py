# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Tracks of features of an exact world: what joins them, where their points are, the camera."""

import numpy as np
import pytest
from support.worlds.features import CAMERA, exact_views, POINTS
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress
from scene_reloc_ros.methods.matching.feature_tracks import (
    connected,
    feature_points,
    tracks_of,
)
from scene_reloc_ros.methods.matching.views import epipolar_distances, lifted, may_share


def test_joined_numbers_have_the_smallest_label():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 200, (2, 120))
    found = connected(200, first, second)
    reached = {n: n for n in range(200)}
    for _ in range(200):  # plain relaxation, edge by edge
        for a, b in zip(first, second):
            reached[a] = reached[b] = min(reached[a], reached[b])
    assert found.tolist() == [reached[n] for n in range(200)]


def test_every_point_is_one_track():
    views, _ = exact_views(wrong=20)
    found, cut_short = tracks_of(views, np.random.default_rng(0), MappingProgress())
    assert cut_short == ''
    assert found.tracks.count == POINTS - 20
    for number in range(found.tracks.count):
        mine = found.tracks.point == number
        assert len(found.feature[mine].unique()) == 1
        assert len(found.view[mine].unique()) == int(mine.sum()) == len(views)


def test_without_time_some_pairs_are_matched_and_it_is_told():
    views, _ = exact_views()
    found, cut_short = tracks_of(views, np.random.default_rng(0),
                                 MappingProgress(deadline=Deadline(0.0)))
    assert cut_short.startswith('1 of ') and cut_short.endswith(' pairs of views matched')
    assert found.tracks.count == POINTS and len(found.view.unique()) == 2


def test_points_are_where_they_were():
    views, points = exact_views()
    found = feature_points(views, np.random.default_rng(0), 1000, MappingProgress())
    assert found.depth is None and found.figures['tracks'] == POINTS
    for place, chosen in zip(found.points, found.chosen):
        assert len(chosen) == POINTS
        assert float((place - points[chosen]).norm(dim=1).max()) < 0.01


def test_a_feature_that_one_view_sees_is_lifted_by_its_depth():
    views, points = exact_views(depth=True, wrong=20)
    found = feature_points(views, np.random.default_rng(0), 1000, MappingProgress())
    assert all(len(chosen) == POINTS for chosen in found.chosen)
    alone = torch.arange(20)
    assert float((found.points[0][alone] - points[alone]).norm(dim=1).max()) < 0.03
    few = feature_points(views, np.random.default_rng(0), 30, MappingProgress())
    assert all(len(chosen) == 30 for chosen in few.chosen)


def test_a_depth_that_is_off_by_a_scale_is_corrected():
    views, _ = exact_views(depth=True, depth_factor=1.05)
    found = feature_points(views, np.random.default_rng(0), 1000, MappingProgress())
    assert found.depth.scale == pytest.approx(1.05, abs=0.02) and found.depth.agreement > 0.9


def test_a_camera_that_is_off_is_found():
    truth = Camera(640, 480, 500.0, 500.0, 325.5, 239.5)
    views, points = exact_views(16, camera=truth)
    found = feature_points(views, np.random.default_rng(0), 1000, MappingProgress())
    assert found.correction.described(CAMERA)['cx'] == pytest.approx(325.5, abs=1.5)
    assert found.figures['after_px'] < found.figures['before_px'] / 3


def test_views_without_a_common_feature_have_no_points():
    views, _ = exact_views(wrong=POINTS)
    found = feature_points(views, np.random.default_rng(0), 1000, MappingProgress())
    assert found.figures is None and sum(map(len, found.chosen)) == 0
    assert not found.correction.values.any()


def test_epipolar_lines_pass_through_what_both_views_see():
    (first, *_, last), _ = exact_views()
    distances = epipolar_distances(first, first.local.pixels, last, last.local.pixels)
    assert float(distances.diagonal().max()) < 0.05 and float(distances.median()) > 5


def test_depth_lifts_pixels_to_their_points():
    views, points = exact_views(depth=True)
    found = feature_points(views, np.random.default_rng(0), 10, MappingProgress())
    place = lifted(views[3], views[3].local.pixels, views[3].depths, found.correction,
                   found.depth)
    assert float((place - points).norm(dim=1).max()) < 0.02


def test_views_that_look_away_share_nothing():
    turned = se3_exp(torch.tensor([[0, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, -0.2, 0],
                                   [0, 0, 0, 0, 3.1, 0], [20.0, 0, 0, 0, 0, 0]]).double())
    assert may_share(turned, 0).tolist() == [True, True, False, False]
