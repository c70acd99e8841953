# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""RANSAC-PnP against finite differences, scipy, PoseLib and Monte Carlo."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.optimize import least_squares
import torch

from scene_reloc_ros.evaluation.solver_benchmark import benchmark_solver, synthetic_problem
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, se3_log, transform_points
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.ransac import samples_needed, search
from scene_reloc_ros.solver.reference import draw_samples, solve_pose
from scene_reloc_ros.solver.refinement import levenberg_marquardt
from scene_reloc_ros.solver.reprojection import (
    reprojection_errors,
    reprojection_residuals,
    residual_jacobian,
    soft_inlier_score,
)

FOCAL_PX = 525.0
DEFAULTS = SolverOptions()


def world(seed=0, cells=300, noise_px=0.0, outliers=0.0):
    """Return a PoseProblem and its true cam_from_map."""
    made = synthetic_problem(seed, cells, 1 - outliers, noise_px)
    rays = torch.from_numpy(np.c_[made.pixels / FOCAL_PX, np.ones(cells)])
    return (PoseProblem(rays, torch.from_numpy(made.points), FOCAL_PX),
            invert_pose(made.map_from_cam))


def solve(problem, seed=0, options=DEFAULTS):
    return solve_pose(problem, torch.Generator().manual_seed(seed), options)


def test_the_jacobian_is_that_of_finite_differences():
    problem, truth = world(cells=20)
    pose = (se3_exp(torch.full((6,), 0.02).double()) @ truth)[None]
    analytic = residual_jacobian(pose, problem)[0]
    step = 1e-6
    for axis in range(6):
        twist = torch.zeros(6, dtype=torch.float64)
        twist[axis] = step
        ahead = reprojection_residuals(se3_exp(twist) @ pose, problem)[0]
        behind = reprojection_residuals(se3_exp(-twist) @ pose, problem)[0]
        assert torch.allclose((ahead - behind)[0] / (2 * step), analytic[..., axis], atol=1e-4)


def test_points_behind_the_camera_have_the_largest_error():
    problem, truth = world(cells=10)
    behind = PoseProblem(problem.rays, -problem.points, FOCAL_PX)
    options = SolverOptions()
    assert (reprojection_errors(truth[None], problem, options) < 1e-6).all()
    turned = torch.diag(torch.tensor((1.0, -1, -1, 1), dtype=torch.float64)) @ truth
    errors = reprojection_errors(turned[None], problem, options)
    assert (errors == options.error_clamp_px).all()
    assert torch.isfinite(reprojection_errors(truth[None], behind, options)).all()


def test_the_soft_score_counts_inliers():
    errors = torch.tensor(((0.0, 0.0, 100.0, 100.0),))
    assert float(soft_inlier_score(errors, 10.0)) == pytest.approx(2, abs=0.02)
    assert float(soft_inlier_score(torch.tensor(((10.0,),)), 10.0)) == pytest.approx(0.5)


def test_levenberg_marquardt_agrees_with_scipy():
    problem, truth = world(noise_px=1.0)
    start = se3_exp(torch.tensor((0.05, -0.04, 0.03, 0.02, -0.03, 0.01)).double()) @ truth
    mask = torch.ones(1, len(problem.rays))
    ours = levenberg_marquardt(start[None], problem, mask, 50, kernel=1e6)[0]

    def residuals(twist):
        pose = se3_exp(torch.from_numpy(twist)) @ start
        return reprojection_residuals(pose[None], problem)[0].flatten().numpy()

    expected = least_squares(residuals, np.zeros(6), xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    assert np.allclose(se3_log(ours @ invert_pose(start)), expected, atol=1e-7)


def test_a_pose_without_cells_stays_where_it_is():
    problem, truth = world(cells=10)
    stays = levenberg_marquardt(truth[None], problem, torch.zeros(1, 10), 5, kernel=3.0)
    assert torch.allclose(stays[0], truth, atol=1e-9)


@pytest.mark.parametrize('outliers', [0.0, 0.5, 0.8])
def test_the_pose_is_exact_without_noise(outliers):
    problem, truth = world(seed=3, cells=600, outliers=outliers)
    result = solve(problem)
    translation, rotation = pose_errors(invert_pose(result.cam_from_map), invert_pose(truth))
    assert float(translation) < 1e-6 and float(rotation) < 1e-4
    assert int(result.inliers.sum()) >= 0.95 * (1 - outliers) * 600


def test_the_same_seed_gives_the_same_pose():
    problem, _ = world(noise_px=2.0, outliers=0.5)
    first, second = solve(problem, 5), solve(problem, 5)
    assert torch.equal(first.cam_from_map, second.cam_from_map)
    assert first.samples == second.samples


def test_cells_with_nan_are_left_out():
    problem, truth = world(cells=200)
    points = problem.points.clone()
    points[::3] = torch.nan
    points[1::7] = torch.inf
    result = solve(PoseProblem(problem.rays, points, FOCAL_PX))
    assert float(pose_errors(result.cam_from_map, truth)[0]) < 1e-6
    assert not result.inliers[~torch.isfinite(points).all(-1)].any()


@pytest.mark.parametrize('cells', [0, 1, 3])
def test_fewer_than_four_cells_have_no_pose(cells):
    problem, _ = world(cells=10)
    assert solve(PoseProblem(problem.rays[:cells], problem.points[:cells], FOCAL_PX)) is None


def test_points_on_one_line_or_in_one_spot_have_no_pose():
    problem, _ = world(cells=100)
    options = SolverOptions(maximum_samples=512)
    line = torch.linspace(0, 1, 100).double()[:, None] * torch.ones(3).double()
    spot = torch.ones(100, 3).double()
    for points in (line, spot):
        assert solve(PoseProblem(problem.rays, points, FOCAL_PX), options=options) is None


def test_points_in_one_plane_are_solved():
    _, truth = world()
    rays = torch.from_numpy(np.c_[np.random.default_rng(0).uniform(-0.5, 0.5, (300, 2)),
                                  np.ones(300)])
    points = transform_points(invert_pose(truth), 3 * rays)
    result = solve(PoseProblem(rays, points, FOCAL_PX))
    assert float(pose_errors(result.cam_from_map, truth)[0]) < 1e-6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2 ** 31), st.sampled_from([0.0, 1.0, torch.nan, torch.inf]))
def test_nonsense_gives_a_finite_pose_or_none(seed, filler):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(2, 30, 3, generator=generator).double()
    values[0, :, 2] = 1
    values[1, ::4] = filler
    result = solve(PoseProblem(values[0], values[1], FOCAL_PX),
                   options=SolverOptions(maximum_samples=256))
    assert result is None or torch.isfinite(result.cam_from_map).all()


def test_the_information_predicts_the_scatter_of_the_pose():
    """Monte Carlo: e^T Sigma^-1 e has mean 6 where the noise is Gaussian."""
    nees = []
    for seed in range(60):
        problem, truth = world(seed=7, cells=300)
        noise = torch.randn(300, 2, generator=torch.Generator().manual_seed(seed)).double()
        rays = problem.rays.clone()
        rays[:, :2] += noise / FOCAL_PX
        result = solve(PoseProblem(rays, problem.points, FOCAL_PX), seed)
        error = se3_log(result.cam_from_map @ invert_pose(truth))
        nees.append(float(error @ result.information @ error))
    # the mean of 60 draws of chi-square(6) has a standard deviation of 0.45; the Cauchy
    # weights that the information counts make it smaller than without them
    assert 3.5 < np.mean(nees) < 7.5


def test_as_accurate_as_poselib():
    pytest.importorskip('poselib', reason='PoseLib is not installed')
    figures = benchmark_solver(problems=25, cells=2000)['solvers']
    assert figures['PoseLib LO-RANSAC']['error_ratio'] <= 1.1
    assert figures['ours (reference)']['success_2cm_1deg'] == 1


class CountingEstimator:
    """Hypotheses are numbers, their score is their value: no geometry at all."""

    sample_size = 1

    def __init__(self, ratio):
        self.ratio, self.refined = ratio, []

    def generate(self, samples):
        return samples.float()

    def score(self, hypotheses):
        return hypotheses, torch.full_like(hypotheses, self.ratio)

    def refine(self, hypotheses):
        self.refined.append(sorted(hypotheses.tolist()))
        return hypotheses + 0.5


def test_the_search_refines_the_best_of_a_round_and_keeps_the_winner():
    estimator = CountingEstimator(ratio=1.0)
    options = SolverOptions(first_samples=8, refined=3)
    consensus = search(estimator, lambda count: torch.arange(count), options)
    assert estimator.refined == [[5, 6, 7]]
    assert (consensus.score, consensus.samples) == (7.5, 8)


def test_the_search_goes_on_while_inliers_are_few_and_stops_at_its_bound():
    estimator = CountingEstimator(ratio=1e-6)
    options = SolverOptions(first_samples=8, maximum_samples=100, refined=1)
    assert search(estimator, lambda count: torch.arange(count), options).samples == 100


def test_the_search_without_hypotheses_has_no_answer():
    options = SolverOptions(first_samples=8, maximum_samples=32)
    assert search(CountingEstimator(1.0), lambda count: torch.empty(0), options) is None


def test_the_number_of_samples_follows_fischler_and_bolles():
    assert samples_needed(0.5, 0.99, 3, 10_000) == 35
    assert samples_needed(0.0, 0.99, 3, 10_000) == 10_000
    assert samples_needed(1.0, 0.99, 3, 10_000) == 1


def test_samples_come_from_the_generator_alone():
    first = draw_samples(50, 20, torch.Generator().manual_seed(1))
    torch.manual_seed(99)
    assert torch.equal(first, draw_samples(50, 20, torch.Generator().manual_seed(1)))
    assert first.shape == (20, 4) and int(first.max()) < 50


def test_a_backend_that_cannot_run_is_an_error():
    assert select_solver('auto')[0] == 'reference'
    with pytest.raises(ValueError, match='unknown'):
        select_solver('fastest')
    with pytest.raises(RuntimeError, match='cuda'):
        select_solver('cuda')


def test_mismatched_rays_and_points_are_named():
    with pytest.raises(ValueError, match=r'\(5, 3\).*\(4, 3\)'):
        PoseProblem(torch.zeros(5, 3), torch.zeros(4, 3), FOCAL_PX)
