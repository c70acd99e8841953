# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The minimal solver against exact worlds and OpenCV."""

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.solver.p3p import solve_p3p


def worlds(count, seed=0):
    """Return rays (H, 3, 3), points and the true cam_from_map of random problems."""
    generator = torch.Generator().manual_seed(seed)
    seen = torch.randn(count, 3, 3, generator=generator, dtype=torch.float64)
    seen[..., 2] = seen[..., 2].abs() + 0.5
    cam_from_map = se3_exp(torch.randn(count, 6, generator=generator, dtype=torch.float64))
    return seen, transform_points(invert_pose(cam_from_map), seen), cam_from_map


def solutions(rays, points):
    """Return for each problem the list of its poses."""
    poses, problem = solve_p3p(rays, points)
    return [poses[problem == number] for number in range(len(rays))]


def test_the_true_pose_is_among_the_solutions():
    rays, points, truth = worlds(2000)
    poses, problem = solve_p3p(rays, points)
    error = (poses - truth[problem]).abs().amax((-1, -2))
    lowest = torch.full((2000,), torch.inf).double().scatter_reduce(0, problem, error, 'amin')
    assert float((lowest < 1e-7).double().mean()) >= 0.999


def test_every_solution_explains_all_three_rays():
    rays, points, _ = worlds(2000, seed=1)
    poses, problem = solve_p3p(rays, points)
    seen = transform_points(poses, points[problem])
    cosine = torch.cosine_similarity(seen, rays[problem], dim=-1)
    assert len(poses) > 2000 and float((1 - cosine).max()) < 1e-9
    rotation = poses[:, :3, :3]
    assert torch.allclose(torch.linalg.det(rotation), torch.ones(len(rotation)).double())


def test_no_solution_of_opencv_is_missed():
    rays, points, _ = worlds(200, seed=2)
    missed = total = 0
    for index, poses in enumerate(solutions(rays, points)):
        for peer in opencv_solutions(rays[index].numpy(), points[index].numpy()):
            difference = (poses - peer).abs().amax((-1, -2))
            missed += not bool((difference < 1e-5).any())
            total += 1
    assert total > 200
    assert missed <= 0.01 * total  # nearly double roots


def opencv_solutions(rays, points):
    """Return the poses of OpenCV that see all points in front and where they are."""
    pixels = np.ascontiguousarray((rays[:, :2] / rays[:, 2:])[:, None])
    _, rotations, translations = cv2.solveP3P(points[:, None], pixels, np.eye(3), None,
                                              cv2.SOLVEPNP_P3P)
    for rotation, translation in zip(rotations, translations):
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(rotation)[0], translation[:, 0]
        seen = points @ pose[:3, :3].T + pose[:3, 3]
        if (seen[:, 2] > 0).all() and np.allclose(seen[:, :2] / seen[:, 2:], pixels[:, 0],
                                                  atol=1e-6):
            yield torch.from_numpy(pose)


DEGENERATE = {
    'identical points': torch.ones(1, 3, 3).double(),
    'points on a line': torch.arange(3.0).double()[None, :, None].expand(1, 3, 3).clone(),
    'NaN': torch.full((1, 3, 3), torch.nan).double(),
    'infinity': torch.full((1, 3, 3), torch.inf).double()}


@pytest.mark.parametrize('kind', DEGENERATE)
def test_degenerate_points_have_no_solution(kind):
    rays, points, _ = worlds(1)
    assert not len(solve_p3p(rays, DEGENERATE[kind])[0])
    if kind in ('NaN', 'infinity', 'identical points'):
        assert not len(solve_p3p(DEGENERATE[kind], points)[0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=18, max_size=18))
def test_whatever_comes_in_a_solution_is_finite_and_rigid(numbers):
    values = torch.tensor(numbers, dtype=torch.float64).reshape(2, 1, 3, 3)
    poses, _ = solve_p3p(values[0], values[1])
    rotation = poses[:, :3, :3]
    identity = torch.eye(3, dtype=torch.float64).expand_as(rotation)
    assert torch.isfinite(poses).all()
    assert torch.allclose(rotation @ rotation.transpose(1, 2), identity, atol=1e-6)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r'\(2, 3\)'):
        solve_p3p(torch.zeros(2, 3), torch.zeros(2, 3))
