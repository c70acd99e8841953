# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The whole sequence of kernels, run on the host, against the reference on the same samples."""

import ctypes

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
from support.host_emulation import emulated_solver, library
from support.queries import assert_alike, FOCAL_PX, KINDS, OPTIONS, query, seeded
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.solver.cuda import workspace
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    RigProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.solver.reference import solve_pose


def test_both_sides_lay_the_memory_out_alike():
    sizes = {'settings': workspace.SettingsLayout, 'workspace': workspace.WorkspaceLayout,
             'result': workspace.ResultLayout}
    for name, layout in sizes.items():
        assert getattr(library(), f'size_of_{name}')() == ctypes.sizeof(layout)
    assert library().size_of_state() <= workspace.STATE_BYTES
    assert library().size_of_refined() == 8 * workspace.REFINED_DOUBLES


@pytest.mark.slow
@pytest.mark.parametrize('inliers', [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize('kind', KINDS)
def test_the_pose_is_that_of_the_reference(kind, inliers):
    solver = emulated_solver()
    for seed in range(3):
        problem, truth = query(seed, inliers=inliers, **KINDS[kind])
        expected = solve_pose(problem, seeded(), OPTIONS)
        found = solver.solve_pose(problem, seeded(), OPTIONS)
        assert_alike(found, expected)
        error_m, _ = pose_errors(invert_pose(found.cam_from_map), invert_pose(truth))
        assert float(error_m) < 0.05


@pytest.mark.slow
def test_few_inliers_are_found_where_the_reference_finds_them():
    solver = emulated_solver()
    for seed in range(6):
        problem, _ = query(seed, cells=2400, inliers=0.05)
        expected = solve_pose(problem, seeded(), OPTIONS)
        found = solver.solve_pose(problem, seeded(), OPTIONS)
        assert_alike(found, expected)
        assert found.samples > OPTIONS.round_samples


@pytest.mark.parametrize('kind', KINDS)
def test_a_team_of_several_finds_what_one_alone_finds(kind):
    problem, _ = query(5, inliers=0.3, **KINDS[kind])
    alone = emulated_solver().solve_pose(problem, seeded(), OPTIONS)
    assert_alike(emulated_solver(ranks=3).solve_pose(problem, seeded(), OPTIONS), alone)


@pytest.mark.slow
def test_samples_are_those_of_the_reference():
    for seed in range(5):
        problem, _ = query(seed, inliers=0.12)
        expected = solve_pose(problem, seeded(seed), OPTIONS)
        found = emulated_solver().solve_pose(problem, seeded(seed), OPTIONS)
        assert found.samples == pytest.approx(expected.samples, rel=0.1)
        assert found.samples > OPTIONS.first_samples


def test_the_same_state_of_the_generator_gives_the_same_answer_and_leaves_the_same_state():
    problem, _ = query(1)
    solver, first, second = emulated_solver(), seeded(4), seeded(4)
    answers = [solver.solve_pose(problem, generator, OPTIONS) for generator in (first, second)]
    assert torch.equal(answers[0].cam_from_map, answers[1].cam_from_map)
    assert torch.equal(first.get_state(), second.get_state())
    third = solver.solve_pose(problem, first, OPTIONS)
    assert not torch.equal(third.cam_from_map, answers[0].cam_from_map)
    assert_alike(third, answers[0])


def test_more_hypotheses_than_can_be_scored_leave_those_that_most_cells_agree_with():
    problem, _ = query(2, inliers=0.9)
    few = SolverOptions(scored=8, refined=2)
    found = emulated_solver().solve_pose(problem, seeded(), few)
    assert_alike(found, solve_pose(problem, seeded(), OPTIONS))


def test_queries_of_several_kinds_take_turns():
    solver = emulated_solver()
    problems = [query(seed, cells=300 + 50 * seed, **kind)[0]
                for seed, kind in enumerate(KINDS.values())]
    first = [solver.solve_pose(problem, seeded(), OPTIONS) for problem in problems]
    for problem, before in zip(problems, first):
        again = solver.solve_pose(problem, seeded(), OPTIONS)
        assert torch.equal(again.cam_from_map, before.cam_from_map)
        assert torch.equal(again.inliers, before.inliers)


def test_callers_with_and_without_gradients_take_turns():
    problem, _ = query(1)
    solver = emulated_solver()
    with torch.inference_mode():
        first = solver.solve_pose(problem, seeded(), OPTIONS)
    for seed in (0, 1):
        assert_alike(solver.solve_pose(problem, seeded(seed), OPTIONS), first)


def test_what_a_query_found_does_not_reach_the_next():
    problem, _ = query(3)
    outliers = PoseProblem(problem.rays, problem.points.flip(0), FOCAL_PX)
    solver = emulated_solver()
    assert isinstance(solver.solve_pose(problem, seeded(), OPTIONS), SolverResult)
    assert isinstance(solver.solve_pose(outliers, seeded(), OPTIONS), SolverRejection)


@pytest.mark.parametrize('cells', [0, 1, 3])
def test_fewer_than_four_cells_have_no_pose(cells):
    problem, _ = query()
    few = problem.of(torch.arange(cells))
    assert emulated_solver().solve_pose(few, seeded(), OPTIONS) is SolverRejection.TOO_FEW_CELLS


def test_fewer_than_four_usable_cells_have_no_pose():
    problem, _ = query()
    points = torch.full_like(problem.points, torch.nan)
    points[:3] = problem.points[:3]
    found = emulated_solver().solve_pose(PoseProblem(problem.rays, points, FOCAL_PX), seeded(),
                                         OPTIONS)
    assert found is SolverRejection.TOO_FEW_CELLS


def test_points_on_one_line_or_in_one_spot_have_no_pose():
    problem, _ = query(cells=100)
    line = torch.linspace(0, 1, 100)[:, None] * torch.ones(3)
    for points in (line, torch.ones(100, 3)):
        degenerate = PoseProblem(problem.rays, points, FOCAL_PX)
        solved = emulated_solver().solve_pose(degenerate, seeded(), OPTIONS)
        assert isinstance(solved, SolverRejection)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2 ** 31), st.sampled_from([0.0, 1.0, 1e30, torch.nan, torch.inf]),
       st.booleans())
def test_nonsense_gives_a_finite_pose_or_none(seed, filler, with_depth):
    values = torch.randn(2, 30, 3, generator=seeded(seed))
    values[0, :, 2] = 1
    values[1, ::4] = filler
    depths = values[0, :, 0].abs() * 5 if with_depth else None
    nonsense = PoseProblem(values[0], values[1], FOCAL_PX, depths)
    found = emulated_solver().solve_pose(nonsense, seeded(),
                                         SolverOptions(maximum_samples=2000))
    assert isinstance(found, SolverRejection) or torch.isfinite(found.cam_from_map).all()


def test_two_answers_are_told_apart_as_the_reference_does():
    problem, _ = query(7, cells=800, inliers=1.0)
    moved = problem.points.clone()
    moved[::2] += torch.tensor((1.5, 0.0, 0.0))
    two = PoseProblem(problem.rays, moved, FOCAL_PX)
    assert solve_pose(two, seeded(), OPTIONS) is SolverRejection.AMBIGUOUS
    assert emulated_solver().solve_pose(two, seeded(), OPTIONS) is SolverRejection.AMBIGUOUS
    assert emulated_solver(ranks=3).solve_pose(two, seeded(), OPTIONS) is SolverRejection.AMBIGUOUS


def test_the_score_of_the_second_best_answer_is_that_of_the_reference():
    problem, _ = query(7, cells=800, inliers=1.0)
    moved = problem.points.clone()
    moved[:375] += torch.tensor((1.5, 0.0, 0.0))
    two = PoseProblem(problem.rays, moved, FOCAL_PX)
    expected = solve_pose(two, seeded(), OPTIONS)
    found = emulated_solver().solve_pose(two, seeded(), OPTIONS)
    assert_alike(found, expected)
    assert expected.second_best_score > 200
    assert found.second_best_score == pytest.approx(expected.second_best_score, rel=0.02)


def test_a_rig_is_left_to_the_reference():
    problem, _ = query(cells=300)
    rig = RigProblem(torch.eye(4)[None], (problem,))
    found = emulated_solver().solve_pose(rig, seeded(), OPTIONS)
    assert torch.equal(found.cam_from_map, solve_pose(rig, seeded(), OPTIONS).cam_from_map)
