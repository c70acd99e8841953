# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries with a known pose, for the reference and the kernels alike."""

import pytest
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions, SolverResult

FOCAL_PX = 525.0
NOISE_PX = 1.0
BROKEN = (torch.nan, torch.inf, -torch.inf)
OPTIONS = SolverOptions()
NEAR_M, NEAR_DEG, NEAR_CELLS = 1e-4, 1e-3, 3
KINDS = {'pixels': {}, 'depth': {'depth_share': 0.72}, 'little depth': {'depth_share': 0.05},
         'weights': {'weighted': True}, 'depth and weights': {'depth_share': 0.72,
                                                              'weighted': True},
         'NaN': {'broken': True}, 'NaN, depth and weights': {'depth_share': 0.72,
                                                             'weighted': True, 'broken': True}}


def query(seed=0, cells=1200, inliers=0.5, depth_share=None, weighted=False, broken=False):
    """Return a PoseProblem (float32) of a room and its true cam_from_map (4, 4).

    Args:
        seed: of everything.
        cells: count.
        inliers: share of the cells that see the right point; the others lie all over the room.
        depth_share: of the cells that have a measured depth, None for a camera without.
        weighted: whether cells weigh between 0 and 2, some nothing.
        broken: whether every ninth cell has NaN or Inf.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return torch.rand(shape, generator=generator, dtype=torch.float64)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    cam_from_map = se3_exp(normal(6))
    rays = torch.cat(((uniform(cells, 2) - 0.5) * torch.tensor((640, 480)) / FOCAL_PX,
                      torch.ones(cells, 1)), 1)
    depths = 1 + 4 * uniform(cells)
    points = transform_points(invert_pose(cam_from_map), rays * depths[:, None])
    low, high = points.amin(0), points.amax(0)
    astray = uniform(cells) >= inliers
    points[astray] = low + (high - low) * uniform(int(astray.sum()), 3)
    rays[:, :2] += NOISE_PX / FOCAL_PX * normal(cells, 2)
    measured = weights = None
    if depth_share is not None:
        measured = depths + 0.0019 * depths ** 2 * normal(cells)
        measured = torch.where(uniform(cells) < depth_share, measured, 0.0).float()
    if weighted:
        weights = (2 * uniform(cells) - 0.1).clamp_min(0).float()
    if broken:
        points[::9, 1] = torch.tensor(BROKEN).repeat(len(points[::9]))[:len(points[::9])].double()
    return PoseProblem(rays.float(), points.float(), FOCAL_PX, measured, weights), cam_from_map


def seeded(seed=0):
    """Return a generator of samples."""
    return torch.Generator().manual_seed(seed)


def assert_alike(found, expected):
    """Compare a SolverResult with that of the reference."""
    assert isinstance(found, SolverResult) and isinstance(expected, SolverResult)
    translation, rotation = pose_errors(found.cam_from_map, expected.cam_from_map)
    assert float(translation) < NEAR_M and float(rotation) < NEAR_DEG
    assert int((found.inliers != expected.inliers).sum()) <= NEAR_CELLS
    assert found.score == pytest.approx(expected.score, rel=1e-3)
    assert found.residual_px == pytest.approx(expected.residual_px, rel=1e-2)
    assert torch.allclose(found.information, expected.information, rtol=2e-2,
                          atol=1e-2 * float(expected.information.abs().max()))
    assert (found.residual_m is None) == (expected.residual_m is None)
    if found.residual_m is not None:
        assert found.residual_m == pytest.approx(expected.residual_m, rel=1e-2)
