# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Coverage of exact walks: what was seen from apart, by few views, or by turning alone."""

import numpy as np
import pytest
from support.worlds.shared_points import poses_at

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.coverage.coverage_grid import (
    CellState,
    coverage_of,
    CoverageGrid,
    seen_points,
)

CAMERA = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)


def frame_at(x=0.0, yaw=0.0, depth=2.0):
    """Return a frame at x that looks along z, turned; depth: metres of all pixels, or None."""
    pose = np.eye(4)
    pose[:3, :3] = ((np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw)))
    pose[0, 3] = x
    depth_m = None if depth is None else np.full((48, 64), depth, np.float32)
    return PosedImage('f', 0, np.zeros((48, 64), np.uint8), CAMERA, pose, depth_m)


def test_a_wall_that_is_walked_along_is_covered():
    coverage = coverage_of([frame_at(x) for x in np.linspace(0, 1.5, 12)])
    middle = (np.abs(coverage.centres[:, 0] - 0.75) < 0.6) & (
        np.abs(coverage.centres[:, 1]) < 0.5)
    assert middle.any() and (coverage.states[middle] == CellState.GOOD).all()
    np.testing.assert_allclose(coverage.centres[:, 2], 2.25)  # the cells that z = 2 m lies in
    assert coverage.route.shape == (12, 3)


def test_a_camera_that_only_turned_is_told_to_move():
    coverage = coverage_of([frame_at(0.0, yaw) for yaw in np.linspace(-0.6, 0.6, 15)])
    often = coverage.views >= 3
    assert often.any() and (coverage.states[often] == CellState.TURNED).all()
    assert coverage.advice()[0].sentence == (
        'record more here: the camera only turned; move sideways')


def test_parallax_is_the_root_mean_square_angle_between_the_views():
    coverage = coverage_of([frame_at(-0.2), frame_at(0.2)])
    cell = np.argmin(np.linalg.norm(coverage.centres - (0.25, 0.25, 2.25), axis=1))
    angles = np.arctan2(0.25 - np.array((-0.2, 0.2)), np.hypot(2.25, 0.25))
    assert coverage.parallax[cell] == pytest.approx(angles.std(), rel=0.02)


def test_a_view_may_stand_for_those_beside_it_that_are_passed_by():
    grid = CoverageGrid(stands_for=5.0)
    grid.add(frame_at(-0.2))
    grid.add(frame_at(0.2))
    assert set(grid.coverage().views) <= {5, 10}
    assert set(grid.coverage().states) == {CellState.GOOD}


def test_two_views_are_few():
    coverage = coverage_of([frame_at(-0.2), frame_at(0.2)])
    assert set(coverage.states) == {CellState.THIN}
    assert coverage.shares == {'good': 0.0, 'thin': 1.0, 'turned': 0.0}
    assert 'few views' in coverage.advice()[0].sentence


def test_advice_is_bounded_and_begins_with_the_largest_place():
    grid = CoverageGrid()
    for x in (0.0, 20.0, 40.0, 60.0, 80.0):
        grid.add(frame_at(x, depth=4.0 if x == 40.0 else 1.5))
    advice = grid.coverage().advice(3)
    assert len(advice) == 3 and len(grid) == 5
    assert [one.cells for one in advice] == sorted((one.cells for one in advice), reverse=True)
    assert abs(advice[0].position[0] - 40) < 3


def test_what_is_far_or_unknown_is_not_seen_and_without_depth_a_usual_distance_is_taken():
    assert len(seen_points(CAMERA, np.zeros((48, 64), np.float32))) == 0
    assert len(seen_points(CAMERA, np.full((48, 64), np.nan, np.float32))) == 0
    assert len(seen_points(CAMERA, np.full((48, 64), 50.0, np.float32))) == 0
    assert np.unique(seen_points(CAMERA, None)[:, 2]).tolist() == [2.0]


def test_no_view_is_no_coverage():
    coverage = CoverageGrid().coverage()
    assert len(coverage.centres) == 0 and coverage.advice() == []
    assert coverage.shares == {'good': 0.0, 'thin': 0.0, 'turned': 0.0}


def test_counts_do_not_depend_on_the_order_of_views():
    frames = [PosedImage('f', 0, np.zeros((48, 64), np.uint8), CAMERA, pose)
              for pose in poses_at(frames=12)]
    one, other = coverage_of(frames), coverage_of(frames[::-1])
    order, reverse = (np.lexsort(cover.centres.T) for cover in (one, other))
    np.testing.assert_array_equal(one.centres[order], other.centres[reverse])
    np.testing.assert_array_equal(one.views[order], other.views[reverse])
    np.testing.assert_allclose(one.parallax[order], other.parallax[reverse], atol=1e-7)
