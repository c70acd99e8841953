# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Space that looks like other space, and frames whose cells do not agree with their poses."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer
from scene_reloc_ros.mapping.self_consistency import inlier_shares, reproject_cells
from scene_reloc_ros.uncertainty.ambiguity import in_voxels, VOXEL_M, voxels_of

FRAMES, CELLS, FOCAL_PX = 6, 200, 500.0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10 ** 6))
def test_points_are_inside_exactly_where_their_voxel_was_named(seed):
    rng = np.random.default_rng(seed)
    marked, asked = (torch.from_numpy(rng.uniform(-3, 3, (60, 3))) for _ in range(2))
    expected = {tuple(np.floor(p / VOXEL_M).astype(int)) for p in marked.numpy()}
    found = in_voxels(asked, voxels_of(marked))
    for point, is_inside in zip(asked.numpy(), found):
        assert (tuple(np.floor(point / VOXEL_M).astype(int)) in expected) == bool(is_inside)


def test_nothing_is_ambiguous_where_nothing_was_marked():
    assert not in_voxels(torch.rand(5, 3), voxels_of(torch.zeros(0, 3))).any()


def test_points_that_are_not_finite_or_far_out_do_not_disturb():
    odd = torch.tensor([[float('nan'), 0, 0], [float('inf'), 1, 1], [1e12, 0, 0]])
    assert not in_voxels(torch.rand(5, 3), voxels_of(odd) + 1).all()
    assert len(voxels_of(odd)) == 3


class KnownPoints(torch.nn.Module):
    """A head that answers with the point that a descriptor is."""

    def forward(self, descriptors):
        return descriptors[:, :3]


@pytest.fixture()
def buffer():
    """Return cells that are seen where they should be, but for those of the last frame."""
    generator = torch.Generator().manual_seed(0)
    poses = se3_exp(0.5 * torch.randn(FRAMES, 6, generator=generator))
    rays = torch.rand(FRAMES, CELLS, 2, generator=generator) - 0.5
    depths = 1 + 3 * torch.rand(FRAMES, CELLS, 1, generator=generator)
    in_camera = torch.cat((rays, torch.ones_like(depths)), -1) * depths
    back = invert_pose(poses)
    points = in_camera @ back[:, :3, :3].mT + back[:, None, :3, 3]
    points[-1] += 2.0
    frames = torch.arange(FRAMES).repeat_interleave(CELLS)
    order = torch.randperm(FRAMES * CELLS, generator=generator)
    return FeatureBuffer(points.flatten(0, 1)[order], rays.flatten(0, 1)[order], frames[order],
                         poses, torch.full((FRAMES,), FOCAL_PX), back[:, :3, 3],
                         depths.flatten()[order])


def test_cells_are_seen_again_at_their_depths_and_pixels(buffer):
    chosen = torch.arange(300)
    depth, rays, error = reproject_cells(buffer, KnownPoints(), CameraRefinement(), chosen)
    right = buffer.frames[chosen] < FRAMES - 1
    assert torch.allclose(depth[right], buffer.depths[chosen][right], atol=1e-4)
    assert torch.allclose(rays, buffer.rays[chosen]) and float(error[right].max()) < 0.05


def test_a_frame_whose_points_lie_elsewhere_agrees_least(buffer):
    shares = inlier_shares(buffer, KnownPoints(), CameraRefinement())
    assert (shares[:-1] == 1).all() and float(shares[-1]) < 0.2
