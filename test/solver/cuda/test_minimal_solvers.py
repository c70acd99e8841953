# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""P3P and Kabsch of the headers against the reference, sample by sample."""

import pytest
from support.host_emulation import doubles, library, matrices, pointer
import torch

from scene_reloc_ros.geometry.poses import se3_exp, transform_points
from scene_reloc_ros.solver.kabsch import solve_kabsch
from scene_reloc_ros.solver.p3p import solve_p3p

SAMPLES = 3000


def triangles(seed=0, count=SAMPLES):
    """Return rays (H, 3, 3), points (H, 3, 3) and the same points in the camera frame."""
    generator = torch.Generator().manual_seed(seed)
    rays = torch.rand(count, 3, 3, generator=generator, dtype=torch.float64) - 0.5
    rays[..., 2] = 1
    depths = 1 + 4 * torch.rand(count, 3, 1, generator=generator, dtype=torch.float64)
    map_from_cam = se3_exp(torch.randn(count, 6, generator=generator, dtype=torch.float64))
    return rays, transform_points(map_from_cam, rays * depths), rays * depths


def p3p(rays, points):
    """Return the poses (4, 4) of one sample, from the headers."""
    found = doubles(4, 12)
    return matrices(found[:library().p3p(pointer(rays), pointer(points), pointer(found))])


def test_p3p_finds_the_same_poses_as_the_reference():
    rays, points, _ = triangles()
    expected, which = solve_p3p(rays, points)
    agree = 0
    for number in range(SAMPLES):
        wanted = expected[which == number]
        found = p3p(rays[number].contiguous(), points[number].contiguous())
        agree += len(found) == len(wanted) and torch.allclose(found, wanted, atol=1e-7)
    assert agree >= 0.998 * SAMPLES  # nearly double roots come out as one or two


def test_every_pose_of_p3p_explains_its_three_rays():
    rays, points, _ = triangles(1, 500)
    for ray, point in zip(rays, points):
        for pose in p3p(ray.contiguous(), point.contiguous()):
            seen = transform_points(pose, point)
            assert (seen[:, 2] > 0).all()
            assert torch.allclose(seen / seen[:, 2:], ray, atol=1e-6)


def test_kabsch_finds_the_same_pose_as_the_reference():
    _, points, seen = triangles(2, 500)
    seen = seen + 0.05 * torch.randn(seen.shape, generator=torch.Generator().manual_seed(3))
    expected, which = solve_kabsch(seen, points)
    assert len(which) == 500
    found = doubles(500, 12)
    for number in range(500):
        assert library().kabsch(pointer(points[number]), pointer(seen[number]),
                                pointer(found[number]))
    assert torch.allclose(matrices(found), expected, atol=1e-10)


def test_sides_of_a_moved_triangle_are_equal_and_those_of_a_larger_one_are_not():
    _, points, seen = triangles(4, 1)
    assert library().sides_differ(pointer(points[0]), pointer(seen[0])) < 1e-12
    side = torch.tensor(((0.0, 0, 0), (3, 0, 0), (0, 4, 0)), dtype=torch.float64)
    larger = 1.5 * side
    # sides 3, 4 and 5 grow by a half: 6 metres in all, on average 2, halved
    assert library().sides_differ(pointer(side), pointer(larger)) == pytest.approx(1.0)


DEGENERATE = {
    'equal points': torch.ones(3, 3).double(),
    'points on a line': torch.arange(3.0).double()[:, None].expand(3, 3).contiguous(),
    'NaN': torch.full((3, 3), torch.nan).double(),
    'infinity': torch.full((3, 3), torch.inf).double(),
    'zero': torch.zeros(3, 3).double()}


@pytest.mark.parametrize('kind', DEGENERATE)
def test_degenerate_triangles_have_no_pose(kind):
    rays, points, _ = triangles(5, 1)
    broken, pose = DEGENERATE[kind], doubles(12)
    assert len(p3p(rays[0], broken)) == 0
    assert not library().kabsch(pointer(points[0]), pointer(broken), pointer(pose))
    assert not library().kabsch(pointer(broken), pointer(points[0]), pointer(pose))
    if kind != 'points on a line':
        assert len(p3p(broken, points[0])) == 0
