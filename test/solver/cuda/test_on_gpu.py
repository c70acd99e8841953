# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The kernels on a GPU: the same answers as the reference, as a graph too, without waiting."""

import pytest
from support.queries import assert_alike, KINDS, OPTIONS, query, seeded
import torch

from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.cuda.compiler import missing
from scene_reloc_ros.solver.cuda.graph import measure, SolverGraph
from scene_reloc_ros.solver.cuda.solver import solver_of
from scene_reloc_ros.solver.problem import PoseProblem, SolverRejection
from scene_reloc_ros.solver.reference import solve_pose

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(missing() is not None, reason=str(missing()))]
GPU = torch.device('cuda')
PROBLEMS = 20


def moved(problem, device=GPU):
    """Return a problem on another device."""
    return PoseProblem(*(None if v is None else v.to(device) for v in (
        problem.rays, problem.points)), problem.focal_px, *(
            None if v is None else v.to(device) for v in (problem.depths, problem.weights)))


@pytest.mark.parametrize('kind', KINDS)
def test_a_gpu_finds_the_pose_of_the_reference(kind):
    name, solve = select_solver('auto', GPU)
    assert name == 'cuda'
    for seed in range(PROBLEMS):
        problem, _ = query(seed, inliers=(0.1, 0.3, 0.6, 0.9)[seed % 4], **KINDS[kind])
        expected = solve_pose(problem, seeded(seed), OPTIONS)
        assert_alike(solve(moved(problem), seeded(seed), OPTIONS), expected)


def test_a_gpu_gives_the_same_answer_bit_by_bit():
    problem, solver = moved(query(3)[0]), solver_of(GPU)
    first, second = (solver.solve_pose(problem, seeded(), OPTIONS) for _ in range(2))
    assert torch.equal(first.cam_from_map, second.cam_from_map)
    assert torch.equal(first.inliers, second.inliers)


def test_a_launch_waits_for_nothing():
    problem, solver = moved(query(4)[0]), solver_of(GPU)
    solver.solve_pose(problem, seeded(), OPTIONS)
    workspace = solver.prepare(problem, seeded(), OPTIONS)
    torch.cuda.set_sync_debug_mode('error')
    try:
        solver.launch(problem, workspace)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert not isinstance(solver.collect(workspace), SolverRejection)


def test_a_graph_solves_what_is_written_into_its_problem():
    queries = [query(seed, inliers=0.3)[0] for seed in range(5)]
    problem = moved(queries[0])
    graph = SolverGraph(solver_of(GPU), problem, seeded(), OPTIONS)
    for given in queries:
        problem.rays.copy_(given.rays)
        problem.points.copy_(given.points)
        graph.replay()
        assert_alike(graph.collect(), solve_pose(given, seeded(), OPTIONS))


def test_problems_on_several_streams_do_not_mix():
    problem, solver = moved(query(6)[0]), solver_of(GPU)
    expected = solver.solve_pose(problem, seeded(), OPTIONS)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        found = solver.solve_pose(problem, seeded(), OPTIONS)
    assert torch.equal(found.cam_from_map, expected.cam_from_map)


def test_times_are_positive():
    figures = measure(solver_of(GPU), moved(query(7)[0]), seeded(), OPTIONS, repeats=5)
    assert 0 < figures['graph_ms'][1] <= figures['call_ms'][2]
