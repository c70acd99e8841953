# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Whole queries by the reference backend: right where they can be, a reason where not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import (
    benchmark_solver,
    OURS,
    OURS_WITH_DEPTH,
    synthetic_problem,
)
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, se3_log, transform_points
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.problem import PoseProblem, RigProblem, SolverOptions, SolverRejection
from scene_reloc_ros.solver.reference import solve_pose

FOCAL_PX = 525.0
DEFAULTS = SolverOptions()


def world(seed=0, cells=300, noise_px=0.0, outliers=0.0, depth=False):
    """Return a PoseProblem, float64, and its true cam_from_map."""
    made = synthetic_problem(seed, cells, 1 - outliers, noise_px)
    rays = torch.from_numpy(np.c_[made.pixels / FOCAL_PX, np.ones(cells)])
    depths = torch.from_numpy(made.depths) if depth else None
    return (PoseProblem(rays, torch.from_numpy(made.points), FOCAL_PX, depths),
            invert_pose(made.map_from_cam))


def solve(problem, seed=0, options=DEFAULTS):
    return solve_pose(problem, torch.Generator().manual_seed(seed), options)


def errors(result, truth):
    """Return the errors in metres and degrees of a result that has to be one."""
    assert not isinstance(result, SolverRejection), result
    return tuple(float(e) for e in pose_errors(invert_pose(result.cam_from_map),
                                               invert_pose(truth)))


@pytest.mark.parametrize('outliers', [0.0, 0.5, 0.8])
def test_the_pose_is_exact_without_noise(outliers):
    problem, truth = world(seed=3, cells=600, outliers=outliers)
    result = solve(problem)
    assert errors(result, truth) < (1e-6, 1e-4)
    assert int(result.inliers.sum()) >= 0.95 * (1 - outliers) * 600


@pytest.mark.parametrize('depth', [False, True])
@pytest.mark.parametrize('inliers', [0.05, 0.1])
def test_few_inliers_among_many_are_found(inliers, depth):
    found = 0
    for seed in range(6):
        problem, truth = world(seed, 4800, 1.0, 1 - inliers, depth)
        translation, rotation = errors(solve(problem), truth)
        found += translation < 0.02 and rotation < 1
    assert found >= 5


def test_depth_makes_a_pose_more_exact():
    rgb, rgbd = [], []
    for seed in range(20):
        problem, truth = world(seed, 400, noise_px=4.0, depth=True)
        rgbd.append(errors(solve(problem), truth)[0])
        rgb.append(errors(solve(replace(problem, depths=None)), truth)[0])
    assert np.mean(rgbd) < 0.9 * np.mean(rgb)


def test_one_measured_depth_in_twenty_is_enough_to_help_and_none_are_needed():
    problem, truth = world(1, 600, noise_px=1.0, outliers=0.5, depth=True)
    few = problem.depths.clone()
    few[torch.arange(600) % 20 > 0] = 0
    for depths in (few, torch.zeros(600).double(), torch.full((600,), torch.nan).double()):
        assert errors(solve(replace(problem, depths=depths)), truth) < (0.02, 0.5)


def test_depths_of_another_scale_do_not_pass_for_inliers():
    problem, truth = world(2, 600, depth=True)
    result = solve(replace(problem, depths=problem.depths * 1.5))
    measured = problem.depths > 0
    assert isinstance(result, SolverRejection) or not result.inliers[measured].float().mean() > 0.5


def test_a_cell_without_weight_is_as_if_it_were_not_there():
    problem, truth = world(4, 600, noise_px=1.0)
    points = problem.points.clone()
    points[:300] += torch.tensor((0.05, 0.0, 0.0)).double()  # a lie, but an inlier
    weights = torch.ones(600).double()
    weights[:300] = 0
    lied = solve(PoseProblem(problem.rays, points, FOCAL_PX))
    told = solve(PoseProblem(problem.rays, points, FOCAL_PX, weights=weights))
    assert errors(told, truth)[0] < 0.005 < errors(lied, truth)[0]
    assert not told.inliers[:300].any()


def test_weights_count_cells_more_or_less():
    problem, truth = world(4, 600, noise_px=1.0)
    points = problem.points.clone()
    points[:300] += torch.tensor((0.05, 0.0, 0.0)).double()
    offsets = []
    for weight in (0.01, 1.0, 100.0):
        weights = torch.ones(600).double()
        weights[300:] = weight
        result = solve(PoseProblem(problem.rays, points, FOCAL_PX, weights=weights))
        offsets.append(errors(result, truth)[0])
    assert offsets[0] > offsets[1] > offsets[2]


def test_the_strongest_cells_are_those_of_the_largest_weights():
    problem, truth = world(4, 600, noise_px=1.0, outliers=0.5)
    assert len(problem.strongest(100).rays) == 600  # without weights nothing is left out
    true = transform_points(truth, problem.points)
    good = ((true[:, :2] / true[:, 2:] - problem.rays[:, :2]).norm(dim=-1) < 0.01).double()
    chosen = replace(problem, weights=good + 0.1).strongest(100)
    assert int((chosen.weights > 0).sum()) == 100
    assert int(solve(chosen).inliers.sum()) >= 95


def test_two_cameras_of_a_rig_make_one_pose():
    first, truth = world(5, 300, noise_px=1.0, outliers=0.6)
    mount = se3_exp(torch.tensor((0.2, 0.0, -0.1, 0.1, 1.2, 0.0)).double())
    second, other = world(6, 300, noise_px=1.0, outliers=0.6)
    # the second camera's world, moved to where the rig has it
    points = transform_points(invert_pose(truth) @ invert_pose(mount) @ other, second.points)
    rig = RigProblem(torch.stack((torch.eye(4).double(), mount)),
                     (first, PoseProblem(second.rays, points, FOCAL_PX)))
    both = solve(rig)
    assert errors(both, truth) < (0.01, 0.3)
    assert both.inliers.shape == (600,) and both.inliers[300:].sum() > 90
    assert float(torch.logdet(both.information)) > float(torch.logdet(solve(first).information))


def test_a_rig_whose_cameras_and_mounts_do_not_pair_is_named():
    problem, _ = world(cells=10)
    with pytest.raises(ValueError, match='2 cameras'):
        RigProblem(torch.eye(4)[None], (problem, problem))


def test_the_same_seed_gives_the_same_pose():
    problem, _ = world(noise_px=2.0, outliers=0.5)
    first, second = solve(problem, 5), solve(problem, 5)
    assert torch.equal(first.cam_from_map, second.cam_from_map)
    assert first.samples == second.samples


def test_the_information_predicts_the_scatter_of_the_pose():
    """Monte Carlo: e^T Sigma^-1 e has mean 6 where the noise is Gaussian."""
    for depth in (False, True):
        nees = []
        for seed in range(60):
            problem, truth = world(seed, 300, noise_px=1.0, depth=depth)
            result = solve(problem, seed)
            error = se3_log(result.cam_from_map @ invert_pose(truth))
            nees.append(float(error @ result.information @ error))
        # the mean of 60 draws of chi-square(6) has a standard deviation of 0.45
        assert 4.5 < np.mean(nees) < 7.5


def test_as_accurate_as_poselib():
    pytest.importorskip('poselib', reason='PoseLib is not installed')
    figures = benchmark_solver(problems=25, cells=2000)['solvers']
    for key, ours in (('rgb', OURS), ('rgbd', OURS_WITH_DEPTH)):
        assert figures['PoseLib LO-RANSAC'][f'error_ratio_{key}'] <= 1.1
        assert figures[ours]['success_2cm_1deg'] == 1


def test_a_backend_that_cannot_run_is_an_error():
    assert select_solver('auto')[0] == 'reference'
    with pytest.raises(ValueError, match='unknown'):
        select_solver('fastest')
    with pytest.raises(RuntimeError, match='cuda'):
        select_solver('cuda')
