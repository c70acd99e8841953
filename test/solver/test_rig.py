# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rigs: one camera is the single camera to the last digit, several know one exact pose."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from support.queries import query, seeded
from support.worlds.rigs import rig_world
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import adjoint, invert_pose, se3_exp, se3_log
from scene_reloc_ros.solver.problem import RigProblem, SolverOptions, SolverRejection, SolverResult
from scene_reloc_ros.solver.reference import solve_pose
from scene_reloc_ros.solver.rig import results_by_view
from scene_reloc_ros.solver.second_best import with_second_best
from scene_reloc_ros.solver.validity import is_chance

OPTIONS = SolverOptions()


def errors(result, truth):
    assert isinstance(result, SolverResult), result
    return tuple(float(e) for e in pose_errors(invert_pose(result.cam_from_map),
                                               invert_pose(truth)))


@pytest.mark.parametrize('kind', [{}, {'depth_share': 0.7}, {'weighted': True},
                                  {'depth_share': 0.7, 'weighted': True, 'broken': True}])
@pytest.mark.parametrize('seed', [0, 1])
def test_a_rig_of_one_camera_answers_as_the_camera_to_the_last_digit(kind, seed):
    problem, _ = query(seed, cells=700, inliers=0.4, **kind)
    alone = solve_pose(problem, seeded(seed), OPTIONS)
    rig = solve_pose(RigProblem(torch.eye(4)[None], (problem,)), seeded(seed), OPTIONS)
    for name in ('cam_from_map', 'inliers', 'information'):
        assert torch.equal(getattr(alone, name), getattr(rig, name)), name
    for name in ('score', 'residual_px', 'residual_m', 'samples', 'second_best_score'):
        assert getattr(alone, name) == getattr(rig, name), name


@pytest.mark.parametrize('cameras', [2, 3, 4, 5, 6])
@pytest.mark.parametrize('depth', [False, True])
def test_the_pose_of_an_exact_world_is_exact_for_rigs_of_two_to_six(cameras, depth):
    rig, truth = rig_world(cameras, seed=cameras, noise_px=0.0, outliers=0.6, depth=depth)
    result = solve_pose(rig, seeded(), OPTIONS)
    assert errors(result, truth) < (1e-6, 1e-4)
    for inliers in rig.split(result.inliers):
        assert inliers.float().mean() > 0.35  # every camera has its share of them


@pytest.mark.parametrize('cameras', [2, 4])
def test_the_information_of_a_rig_predicts_the_scatter_of_its_pose(cameras):
    squared = []
    for seed in range(40):
        rig, truth = rig_world(cameras, seed, cells=150, noise_px=1.0)
        result = solve_pose(rig, seeded(seed), OPTIONS)
        error = se3_log(result.cam_from_map @ invert_pose(truth))
        squared.append(float(error @ result.information @ error))
    # the mean of 40 draws of chi-square(6) has a standard deviation of 0.55
    assert 4.3 < np.mean(squared) < 7.7


def test_samples_of_one_camera_are_scored_by_all():
    """Only the second camera sees the place: its samples find the pose, all cells judge it."""
    rig, truth = rig_world(3, seed=2, noise_px=0.5)
    lost = [replace(view, points=torch.rand(view.points.shape, generator=seeded(number)).double())
            for number, view in enumerate(rig.views)]
    result = solve_pose(replace(rig, views=(lost[0], rig.views[1], lost[2])), seeded(), OPTIONS)
    assert errors(result, truth) < (0.02, 0.3)
    alone = solve_pose(RigProblem(rig.cam_from_rig[1:2], rig.views[1:2]), seeded(), OPTIONS)
    assert result.score == pytest.approx(alone.score, rel=0.05)


@pytest.mark.parametrize('weighted', [False, True])
def test_a_camera_that_sees_nothing_changes_nothing(weighted):
    rig, truth = rig_world(2, seed=4, noise_px=1.0)
    blind = replace(rig.views[0], points=rig.views[0].points * torch.nan)
    if weighted:
        blind = replace(blind, weights=torch.zeros(len(blind.rays)).double())
    result = solve_pose(replace(rig, views=(blind, rig.views[1])), seeded(), OPTIONS)
    alone = solve_pose(RigProblem(rig.cam_from_rig[1:], rig.views[1:]), seeded(), OPTIONS)
    assert torch.equal(result.cam_from_map, alone.cam_from_map)
    first, second = rig.split(result.inliers)
    assert not first.any() and torch.equal(second, alone.inliers)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_another_frame_of_the_rig_moves_the_pose_and_its_information_with_it(seed, twist):
    """Where the origin of a rig lies is a choice: what it says of the world is the same."""
    rig, _ = rig_world(2, seed, cells=120, noise_px=1.0)
    other_from_rig = se3_exp(torch.tensor(twist).double())
    moved = replace(rig, cam_from_rig=rig.cam_from_rig @ invert_pose(other_from_rig))
    here, there = (solve_pose(problem, seeded(), OPTIONS) for problem in (rig, moved))
    assert torch.allclose(there.cam_from_map, other_from_rig @ here.cam_from_map, atol=1e-6)
    carry = adjoint(other_from_rig)
    assert torch.allclose(carry.T @ there.information @ carry, here.information,
                          rtol=1e-4, atol=1e-4 * float(here.information.abs().max()))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(4)))
def test_the_order_of_the_cameras_does_not_matter(seed, order):
    rig, truth = rig_world(4, seed, cells=120, noise_px=0.0)
    shuffled = RigProblem(rig.cam_from_rig[list(order)],
                          tuple(rig.views[number] for number in order))
    assert errors(solve_pose(shuffled, seeded(), OPTIONS), truth) < (1e-6, 1e-4)


@pytest.mark.parametrize('cameras', [1, 2, 6])
def test_chance_is_as_strict_with_a_rig_as_with_a_camera(cameras):
    """As many cells of as many cameras more make no fewer inliers pass for more than chance."""
    problem, _ = query(0, cells=600 // cameras, inliers=1.0)
    rig = [problem] * cameras
    least = next(count for count in range(4, 600)
                 if not is_chance(rig, count, 8192, OPTIONS))
    whole, _ = query(0, cells=600, inliers=1.0)
    alone = next(count for count in range(4, 600)
                 if not is_chance([whole], count, 8192, OPTIONS))
    assert abs(least - alone) <= 1


def test_cells_that_say_nothing_give_a_rig_no_pose():
    rig, _ = rig_world(4, seed=3, cells=200, outliers=1.0)
    assert solve_pose(rig, seeded(), OPTIONS) is SolverRejection.NO_CONSENSUS


def test_another_pose_that_explains_the_rest_of_a_rig_is_its_second_best():
    rig, _ = rig_world(3, seed=5, cells=300, noise_px=1.0)
    twin = se3_exp(torch.tensor([1.5, 0.3, -0.8, 0.1, 0.9, 0.0]).double())
    views = []
    for view in rig.views:
        points = view.points.clone()
        points[:130] = points[:130] @ twin[:3, :3].T + twin[:3, 3]
        views.append(replace(view, points=points))
    double = replace(rig, views=tuple(views))
    result = solve_pose(double, seeded(), OPTIONS)
    assert isinstance(result, SolverResult)
    other = with_second_best(solve_pose, double, result, seeded(), OPTIONS)
    assert other.second_best_ratio == pytest.approx(130 / 170, rel=0.05)


def test_what_cameras_ask_for_adds_up_to_the_information_of_the_rig():
    rig, truth = rig_world(3, seed=6, noise_px=1.0, outliers=0.3)
    result = solve_pose(rig, seeded(), OPTIONS)
    parts = results_by_view(rig, result, OPTIONS)
    information = sum(part.information for part in parts)
    assert torch.allclose(information, result.information, rtol=0.1,
                          atol=0.1 * float(result.information.abs().max()))
    assert torch.equal(torch.cat([part.result.inliers for part in parts]), result.inliers)
    assert sum(part.result.score for part in parts) == pytest.approx(result.score, rel=1e-4)
    # at the solution nothing is left to ask for: the step is far below the pose's deviation
    step = torch.linalg.solve(information, sum(part.gradient for part in parts))
    assert float(step @ information @ step) < 0.05
    for part, mount in zip(parts, rig.cam_from_rig):
        assert torch.allclose(part.result.cam_from_map, mount @ result.cam_from_map)


def test_the_gradient_of_a_camera_leads_back_to_its_pose():
    rig, truth = rig_world(2, seed=7)
    result = solve_pose(rig, seeded(), OPTIONS)
    twist = torch.tensor([0.004, -0.003, 0.002, 0.001, 0.002, -0.001]).double()
    moved = replace(result, cam_from_map=se3_exp(twist) @ truth)
    for part in results_by_view(rig, moved, OPTIONS):
        step = -torch.linalg.solve(part.information, part.gradient)
        assert torch.allclose(step, -twist, atol=2e-4)


def test_a_camera_without_cells_asks_for_nothing():
    rig, _ = rig_world(2, seed=8)
    result = solve_pose(rig, seeded(), OPTIONS)
    blind = replace(rig.views[0], weights=torch.zeros(300).double())
    part = results_by_view(replace(rig, views=(blind, rig.views[1])), result, OPTIONS)[0]
    assert not part.information.any() and not part.gradient.any() and part.result.score == 0
    assert not part.result.inliers.any()
