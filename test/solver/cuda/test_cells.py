# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Errors, scores, derivatives and steps of the headers against the reference."""

import ctypes

import pytest
from support.host_emulation import (
    doubles,
    flat,
    InputsLayout,
    library,
    matrices,
    pointer,
    settings,
)
from support.queries import FOCAL_PX, query
import torch

from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.solver.normal_equations import normal_equations, Scales, View
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.ransac import samples_needed
from scene_reloc_ros.solver.refinement import refine
from scene_reloc_ros.solver.residuals import (
    in_camera,
    Observations,
    soft_inlier_score,
    squared_errors,
)

OPTIONS = SolverOptions(depth_weight=0.4)
KINDS = {'pixels': {}, 'weights': {'weighted': True}, 'depth': {'depth_share': 0.72},
         'depth and weights': {'depth_share': 0.72, 'weighted': True}}


def usable_query(kind, seed=0):
    """Return a query of usable cells and a pose (4, 4) that is a little off."""
    problem, truth = query(seed, **KINDS[kind])
    off = se3_exp(torch.tensor((0.01, -0.02, 0.015, 0.004, -0.003, 0.005)).double())
    return problem.of(problem.usable()), off @ truth


def judged(problem, pose):
    """Return squared errors (N,), soft scores (N,) and residual rows (N, 3, 7) of the headers."""
    inputs = InputsLayout.of(problem)
    count = len(problem.rays)
    squared, soft, rows = torch.zeros(count), torch.zeros(count), torch.zeros(count, 3, 7)
    library().judge_cells(settings(OPTIONS, problem.focal_px), ctypes.byref(inputs), count,
                          pointer(flat(pose)), pointer(squared), pointer(soft), pointer(rows))
    return squared, soft, rows


@pytest.mark.parametrize('kind', KINDS)
def test_errors_and_soft_scores_are_those_of_the_reference(kind):
    problem, pose = usable_query(kind)
    cells = Observations.of(problem, OPTIONS, torch.float64)
    expected = squared_errors(*in_camera(pose[None], cells.points_3N), cells, OPTIONS)
    squared, soft, _ = judged(problem, pose)
    assert torch.allclose(squared.double(), expected[0], rtol=1e-4, atol=1e-3)
    assert torch.allclose(soft.double().sum(), soft_inlier_score(
        expected, OPTIONS.threshold_px)[0], rtol=1e-5)


def test_a_point_behind_the_camera_or_too_near_has_the_largest_error():
    rays = torch.tensor(((0.0, 0.0, 1.0),)).expand(4, 3)
    points = torch.tensor(((0.0, 0, -2), (0, 0, 0), (0, 0, 0.05), (0, 0, 2)))
    squared = judged(PoseProblem(rays, points, FOCAL_PX), torch.eye(4))[0]
    assert squared.tolist() == [OPTIONS.error_clamp_px ** 2] * 3 + [0]


def test_the_rows_are_those_of_finite_differences():
    problem, pose = usable_query('depth')
    rows = judged(problem, pose)[2].double()
    cells = Observations.of(problem, OPTIONS, torch.float64)

    def residuals(twist):
        x, y, z = in_camera((se3_exp(twist) @ pose)[None], cells.points_3N)
        return torch.stack((x / z - cells.rays_2N[0], y / z - cells.rays_2N[1],
                            (z - cells.depths_N) * cells.depth_px_N), -1)[0]

    step = 1e-6 * torch.eye(6, dtype=torch.float64)
    numeric = torch.stack([(residuals(s) - residuals(-s)) / 2e-6 for s in step], -1)
    in_front = in_camera(pose[None], cells.points_3N)[2][0] > 0.5
    assert int(in_front.sum()) > 600
    assert torch.allclose(rows[in_front][..., :6], numeric[in_front], rtol=1e-4, atol=1e-4)
    assert torch.allclose(rows[in_front][..., 6], residuals(torch.zeros(6).double())[in_front],
                          rtol=1e-4, atol=1e-4)


def summed(problem, pose, scales):
    """Return the sums (31,) of the normal equations, from the headers."""
    inputs = InputsLayout.of(problem)
    sums = doubles(31)
    library().equations(settings(OPTIONS, problem.focal_px), ctypes.byref(inputs),
                        len(problem.rays), pointer(flat(pose)),
                        pointer(torch.tensor(scales).double()), pointer(sums))
    return sums


def referenced(problem, pose, scales):
    """Return the Equations of the reference."""
    views = [View(Observations.of(problem, OPTIONS, torch.float64))]
    px, depth = torch.tensor(scales).double()[:, None]
    return normal_equations(pose[None], views, Scales(px, depth), OPTIONS)


@pytest.mark.parametrize('scales', [(3.3, 3.3), (0.8, 2.0)])
@pytest.mark.parametrize('kind', KINDS)
def test_the_normal_equations_are_those_of_the_reference(kind, scales):
    problem, pose = usable_query(kind)
    sums, expected = summed(problem, pose, scales), referenced(problem, pose, scales)
    rows, columns = torch.triu_indices(6, 6)
    hessian = expected.hessian[0]
    scale = hessian.diagonal().sqrt()  # an entry counts beside those of its row and column
    assert ((sums[:21] - hessian[rows, columns]).abs()
            < 1e-5 * scale[rows] * scale[columns]).all()
    assert ((sums[21:27] - expected.gradient[0]).abs()
            < 1e-4 * scale * expected.squares.sum().sqrt()).all()
    assert torch.allclose(sums[27:29], expected.squares[0], rtol=1e-4)
    assert torch.allclose(sums[29:31], expected.counts[0], rtol=1e-6)


def test_a_step_and_its_scales_are_those_of_the_reference():
    problem, pose = usable_query('depth and weights')
    scales = [OPTIONS.threshold_px / 3] * 2
    sums, twist, moved = summed(problem, pose, scales), doubles(6), doubles(12)
    library().step(pointer(sums), pointer(twist))
    library().exponential(pointer(twist), pointer(moved))
    next_scales = torch.tensor(scales).double()
    library().next_scales(pointer(sums), pointer(next_scales))
    views = [View(Observations.of(problem, OPTIONS, torch.float64))]
    expected = refine(pose[None], views, 1, OPTIONS)
    assert torch.allclose(matrices(moved) @ pose, expected.poses[0], atol=1e-6)
    assert torch.allclose(next_scales, torch.cat((expected.scales.px, expected.scales.depth)),
                          rtol=1e-5)


def test_the_step_solves_its_equations():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    hessian, gradient = root @ root.T, torch.randn(6, generator=generator, dtype=torch.float64)
    sums, twist = doubles(31), doubles(6)
    rows, columns = torch.triu_indices(6, 6)
    sums[:21], sums[21:27] = hessian[rows, columns], gradient
    library().step(pointer(sums), pointer(twist))
    assert torch.allclose(hessian @ twist, -gradient, atol=1e-6)


@pytest.mark.parametrize('value', [0.0, -1.0, torch.nan, torch.inf])
def test_equations_without_a_solution_move_nothing(value):
    sums, twist = torch.full((31,), value, dtype=torch.float64), doubles(6)
    library().step(pointer(sums), pointer(twist))
    assert twist.abs().max() == 0


@pytest.mark.parametrize('angle', [0.0, 1e-9, 1e-5, 1e-3, 0.5, 3.0, 3.1415926, 6.0])
def test_the_exponential_is_that_of_the_reference(angle):
    axis = torch.tensor((0.6, -0.48, 0.64), dtype=torch.float64)
    twist = torch.cat((torch.tensor((0.3, -2.0, 1.0), dtype=torch.float64), angle * axis))
    pose = doubles(12)
    library().exponential(pointer(twist), pointer(pose))
    assert torch.allclose(matrices(pose), se3_exp(twist), atol=1e-9)


@pytest.mark.parametrize('ratio', [0.0, 1e-6, 0.03, 0.1, 0.3, 0.9, 1.0])
def test_the_number_of_samples_is_that_of_the_reference(ratio):
    found = library().needed(settings(OPTIONS, FOCAL_PX), ctypes.c_double(ratio))
    assert found == samples_needed(ratio, OPTIONS)
