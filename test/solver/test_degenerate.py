# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Degenerate input gives a pose that is right or a reason, never a crash."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions, SolverRejection
from scene_reloc_ros.solver.reference import solve_pose

FOCAL_PX = 525.0
OPTIONS = SolverOptions(maximum_samples=4096)


def scene(kind, seed, cells=200):
    """Return points (N, 3) in front of the camera, of a kind of scene."""
    generator = torch.Generator().manual_seed(seed)
    spread = torch.rand(cells, 3, generator=generator, dtype=torch.float64) - 0.5
    ahead = torch.tensor((0.0, 0.0, 3.0), dtype=torch.float64)
    along = torch.randn(3, generator=generator, dtype=torch.float64)
    if kind == 'plane':
        across = torch.linalg.cross(along, torch.randn(3, generator=generator).double())
        return ahead + spread[:, :1] * along + spread[:, 1:2] * across / across.norm()
    if kind == 'line':
        return ahead + spread[:, :1] * along
    if kind == 'three points':
        return ahead + 2 * spread[torch.arange(cells) % 3]
    if kind == 'one point':
        return ahead + spread[:1].expand(cells, 3)
    return ahead + 2 * spread


def problem_of(seen, seed, noise_px, depth):
    """Return the PoseProblem that sees points (N, 3) of the camera frame, and its truth."""
    generator = torch.Generator().manual_seed(seed)
    truth = se3_exp(torch.randn(6, generator=generator).double())
    rays = seen / seen[:, 2:]
    rays[:, :2] += noise_px / FOCAL_PX * torch.randn(len(seen), 2, generator=generator).double()
    depths = seen[:, 2].clone() if depth else None
    return PoseProblem(rays, transform_points(invert_pose(truth), seen), FOCAL_PX, depths), truth


def solve(problem, seed=0):
    return solve_pose(problem, torch.Generator().manual_seed(seed), OPTIONS)


def is_right_or_a_reason(result, truth):
    """Tell whether it is a SolverRejection, or a pose within three of its allowed deviations."""
    if isinstance(result, SolverRejection):
        return True
    translation, rotation = pose_errors(invert_pose(result.cam_from_map), invert_pose(truth))
    return (float(translation) < 3 * OPTIONS.largest_deviation_m
            and float(rotation) < 3 * OPTIONS.largest_deviation_deg)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(('plane', 'line', 'three points', 'one point', 'anything')),
       st.integers(0, 2 ** 20), st.sampled_from((0.0, 0.5, 2.0)), st.booleans(),
       st.sampled_from((0, 1, 3, 4, 5, 20, 200)))
def test_a_degenerate_scene_has_the_right_pose_or_none(kind, seed, noise_px, depth, cells):
    seen = scene(kind, seed)[:cells]
    seen = seen[seen[:, 2] > 0.5]
    problem, truth = problem_of(seen, seed, noise_px, depth)
    assert is_right_or_a_reason(solve(problem), truth)


@pytest.mark.parametrize('depth', [False, True])
@pytest.mark.parametrize('kind', ['line', 'three points', 'one point'])
def test_what_does_not_fix_a_pose_has_none(kind, depth):
    for seed in range(5):
        problem, truth = problem_of(scene(kind, seed), seed, 0.5, depth)
        result = solve(problem)
        if kind == 'three points':  # with depth they do
            assert is_right_or_a_reason(result, truth)
        else:
            assert isinstance(result, SolverRejection)


def test_a_plane_fixes_a_pose():
    tilted = scene('anything', 3)
    tilted[:, 2] = 3 + 0.5 * tilted[:, 0]
    problem, truth = problem_of(tilted, 3, 0.0, depth=False)
    result = solve(problem)
    assert not isinstance(result, SolverRejection) and is_right_or_a_reason(result, truth)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2 ** 20), st.sampled_from((torch.nan, torch.inf, -torch.inf, 1e30, 0.0)),
       st.sampled_from(('rays', 'points', 'depths')), st.integers(1, 4))
def test_cells_that_are_no_numbers_leave_the_pose_as_it_is(seed, filler, where, every):
    problem, truth = problem_of(scene('anything', seed), seed, 0.5, depth=True)
    values = getattr(problem, where).clone()
    values[::every] = filler
    result = solve(replace(problem, **{where: values}))
    assert is_right_or_a_reason(result, truth)
    assert every == 1 or not isinstance(result, SolverRejection)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2 ** 20), st.integers(4, 400), st.booleans())
def test_noise_has_no_pose(seed, cells, depth):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(2, cells, 3, generator=generator).double()
    numbers[0, :, 2] = 1
    depths = torch.rand(cells, generator=generator).double() * 4 if depth else None
    result = solve(PoseProblem(numbers[0], 3 * numbers[1], FOCAL_PX, depths))
    assert isinstance(result, SolverRejection)


@pytest.mark.parametrize('cells', [0, 1, 3])
def test_fewer_than_four_cells_are_too_few(cells):
    problem, _ = problem_of(scene('anything', 0)[:cells], 0, 0.0, depth=False)
    assert solve(problem) is SolverRejection.TOO_FEW_CELLS


@pytest.mark.parametrize('given', [
    {'points': torch.zeros(4, 3)}, {'depths': torch.zeros(4)}, {'weights': torch.zeros(5, 1)},
    {'focal_px': 0.0}, {'focal_px': float('nan')}])
def test_parts_that_do_not_fit_are_named(given):
    parts = {'rays': torch.zeros(5, 3), 'points': torch.zeros(5, 3), 'focal_px': FOCAL_PX, **given}
    with pytest.raises(ValueError, match=next(iter(given))):
        PoseProblem(**parts)
