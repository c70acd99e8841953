# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Three-point Kabsch against the singular value decomposition and exact worlds."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.solver.kabsch import solve_kabsch


def triangles(count, noise=0.0, seed=0):
    """Return points seen, points of the map and the true cam_from_map of random triangles."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(count, 3, 3, generator=generator, dtype=torch.float64)
    cam_from_map = se3_exp(torch.randn(count, 6, generator=generator, dtype=torch.float64))
    seen = transform_points(cam_from_map, points)
    seen += noise * torch.randn(seen.shape, generator=generator, dtype=torch.float64)
    return seen, points, cam_from_map


def kabsch_by_svd(seen, points):
    """Return the textbook solution (Kabsch, 1976) of one triangle: rotation and translation."""
    a, b = points - points.mean(0), seen - seen.mean(0)
    u, _, vt = torch.linalg.svd(b.T @ a)
    flip = torch.diag(torch.tensor((1.0, 1.0, float(torch.det(u @ vt).sign()))).double())
    rotation = u @ flip @ vt
    return rotation, seen.mean(0) - rotation @ points.mean(0)


def test_exact_triangles_give_the_true_pose():
    seen, points, truth = triangles(1000)
    poses, which = solve_kabsch(seen, points)
    assert len(poses) == 1000
    assert torch.allclose(poses, truth[which], atol=1e-8)


def test_noisy_triangles_give_the_least_squares_pose():
    seen, points, _ = triangles(200, noise=0.05, seed=1)
    poses, which = solve_kabsch(seen, points)
    assert len(poses) == 200
    for pose, number in zip(poses, which):
        rotation, translation = kabsch_by_svd(seen[number], points[number])
        assert torch.allclose(pose[:3, :3], rotation, atol=1e-7)
        assert torch.allclose(pose[:3, 3], translation, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=18, max_size=18))
def test_whatever_comes_in_a_pose_is_rigid(numbers):
    values = torch.tensor(numbers, dtype=torch.float64).reshape(2, 1, 3, 3)
    poses, _ = solve_kabsch(values[0], values[1])
    back = poses @ invert_pose(poses)
    assert torch.allclose(back, torch.eye(4).double().expand_as(back), atol=1e-5)


@pytest.mark.parametrize('values', [
    torch.ones(1, 3, 3), torch.arange(3.0)[None, :, None].expand(1, 3, 3),
    torch.full((1, 3, 3), torch.nan), torch.full((1, 3, 3), torch.inf)])
def test_points_in_a_spot_on_a_line_or_nowhere_have_no_pose(values):
    seen, points, _ = triangles(1)
    assert not len(solve_kabsch(seen, values.double())[0])
    assert not len(solve_kabsch(values.double(), points)[0])


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r'\(4, 3\)'):
        solve_kabsch(torch.zeros(4, 3), torch.zeros(4, 3))
