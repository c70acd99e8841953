# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Intrinsics that are freed: derivatives, exact worlds, wrong cameras, what nobody tells."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from support.queries import OPTIONS
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import se3_exp, se3_log
from scene_reloc_ros.solver.free_camera import corrected, EXPECTED, free_camera, linearised
from scene_reloc_ros.solver.problem import PoseProblem
from scene_reloc_ros.solver.reference import solve_pose

TRUE = Camera(640, 480, 525.0, 525.0, 319.5, 239.5)
CAM_FROM_MAP = se3_exp(torch.tensor([0.3, -0.2, 0.1, 0.2, -0.3, 0.1]).double())
# a stated camera, and what it sees its pixels off by: scale, shifts, radial
STATED = {
    'right': (TRUE, (0, 0, 0, 0)),
    'focal length': (replace(TRUE, fx=500.0, fy=500.0), (0.05, 0, 0, 0)),
    'principal point': (replace(TRUE, cx=329.5, cy=232.5), (0, -10 / 525, 7 / 525, 0)),
    'distortion left on': (replace(TRUE, distortion_model='plumb_bob',
                                   distortion=(-0.06, 0, 0, 0)), (0, 0, 0, 0.06)),
}
# One radial term is not quite the inverse of the one that was left on.
NEAR = np.array((0.004, 0.004, 0.004, 0.01))


def depths_of(kind, rng, pixels):
    """Return depths (N,) of a room, or of a wall that the camera looks at straight."""
    if kind == 'wall':
        return np.full(len(pixels), 3.0)
    return rng.uniform(1.0, 5.0, len(pixels))


def world(stated, kind='room', noise_px=0.3, seed=0, outliers=0.1):
    """Return the PoseProblem of a stated camera and its solution: pixels are the true camera's."""
    rng = np.random.default_rng(seed)
    pixels = rng.uniform((0, 0), (640, 480), (1200, 2))
    seen = TRUE.rays(pixels) * depths_of(kind, rng, pixels)[:, None]
    turn, shift = CAM_FROM_MAP[:3, :3].numpy(), CAM_FROM_MAP[:3, 3].numpy()
    points = (seen - shift) @ turn
    astray = rng.random(len(points)) < outliers
    points[astray] += rng.normal(0, 1, (astray.sum(), 3))
    rays = stated.rays(pixels + rng.normal(0, noise_px, pixels.shape))
    problem = PoseProblem(torch.from_numpy(rays).float(), torch.from_numpy(points).float(),
                          stated.focal)
    return problem, solve_pose(problem, torch.Generator().manual_seed(seed), OPTIONS)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10 ** 6))
def test_the_derivatives_are_those_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    pose = se3_exp(torch.from_numpy(0.2 * rng.normal(size=6))).numpy()
    values = 0.3 * EXPECTED * rng.normal(size=4)
    points = rng.uniform((-1, -1, 1.5), (1, 1, 4), (5, 3))
    rays = rng.normal(0, 0.3, (5, 2))
    _, slopes = linearised(pose, values, points, rays)
    step = 1e-6
    for column in range(10):
        change = np.zeros(10)
        change[column] = step
        ends = [linearised(se3_exp(torch.from_numpy(sign * change[:6])).numpy() @ pose,
                           values + sign * change[6:], points, rays)[0] for sign in (1, -1)]
        expected = (ends[0] - ends[1]).reshape(-1) / (2 * step)
        assert np.allclose(slopes[:, column], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('name', STATED)
@pytest.mark.parametrize('seed', [0, 1])
def test_the_intrinsics_of_an_exact_room_are_found(name, seed):
    stated, values = STATED[name]
    problem, result = world(stated, seed=seed)
    found = free_camera(problem, result, OPTIONS)
    deviations = np.sqrt(np.diag(np.linalg.inv(found.information)))
    assert deviations.max() < 0.004
    assert (np.abs(found.values - values) < NEAR).all()
    if name == 'right':
        assert (np.abs(found.values) < 4 * deviations).all()


@pytest.mark.parametrize('name', ['focal length', 'distortion left on'])
def test_what_was_taken_out_is_counted_with_what_is_left(name):
    stated, values = STATED[name]
    problem, _ = world(stated)
    mended = corrected(problem, np.array(values, float))
    again = solve_pose(mended, torch.Generator().manual_seed(0), OPTIONS)
    found = free_camera(mended, again, OPTIONS)
    assert (np.abs(found.values) < NEAR).all()
    assert (np.abs(found.beside(np.array(values, float)).values - values) < NEAR).all()


def test_corrected_rays_are_those_of_the_right_camera():
    stated = replace(TRUE, fx=480.0, fy=480.0, cx=330.0)
    pixels = np.random.default_rng(0).uniform((0, 0), (640, 480), (50, 2))
    values = np.array((525 / 480 - 1, (319.5 - 330) / 480, 0, 0))
    problem = PoseProblem(torch.from_numpy(stated.rays(pixels)).float(),
                          torch.zeros(50, 3), stated.focal)
    assert np.allclose(corrected(problem, values).rays.numpy(), TRUE.rays(pixels), atol=1e-5)


@pytest.mark.parametrize('values', [(0.004, 0, 0, 0), (0, 0.003, 0, 0), (0, 0, 0, 0.01)])
def test_the_pose_follows_the_intrinsics_as_another_solution_says(values):
    problem, result = world(TRUE, outliers=0.0)
    values = np.array(values, float)
    slope = free_camera(problem, result, OPTIONS).twist_by_values
    moved = solve_pose(corrected(problem, values), torch.Generator().manual_seed(0), OPTIONS)
    expected = se3_log(moved.cam_from_map @ torch.linalg.inv(result.cam_from_map)).numpy()
    assert np.linalg.norm(expected) > 1e-4
    assert np.allclose(slope @ values, expected, atol=0.1 * np.linalg.norm(expected))


def test_a_wall_seen_straight_tells_no_focal_length():
    stated, _ = STATED['focal length']
    room, wall = (free_camera(*world(stated, kind), OPTIONS) for kind in ('room', 'wall'))
    told = [np.sqrt(np.diag(np.linalg.pinv(one.information)))[0] for one in (room, wall)]
    assert told[1] > 20 * told[0]
    assert abs(wall.values[0]) < 0.02


def test_cells_that_are_broken_or_few_tell_nothing():
    problem, result = world(TRUE)
    broken = problem.points.clone()
    broken[::3] = torch.nan
    assert np.abs(free_camera(replace(problem, points=broken), result, OPTIONS).values).max() < .01
    few = problem.of(torch.arange(20))
    assert free_camera(few, result, OPTIONS) is None
    weights = torch.zeros(len(problem.rays))
    assert free_camera(replace(problem, weights=weights), result, OPTIONS) is None
