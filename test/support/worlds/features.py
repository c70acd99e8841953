# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Views of points with descriptors of their own: an exact world for tracks."""

import torch
from torch.nn import functional

from scene_reloc_ros.features.local_features import LocalFeatures
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.methods.matching.feature_tracks import FeatureView

CAMERA = Camera(640, 480, 500.0, 500.0, 319.5, 239.5)
POINTS = 120


def exact_views(count=10, depth=False, wrong=0, depth_factor=1.0, camera=CAMERA, noise_px=0.0):
    """Return views of random points with descriptors of their own, and the points (P, 3).

    Args:
        count: of the views.
        depth: whether they have depths.
        wrong: points that look like another thing in every view.
        depth_factor: of depths to the true ones.
        camera: that pixels are formed by; the views say CAMERA.
        noise_px: standard deviation of the pixels.
    """
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(POINTS, 3, generator=generator).double() * torch.tensor(
        [2.0, 1.5, 1.5]).double() + torch.tensor([-1.0, -0.75, 2.0]).double()
    descriptors = functional.normalize(torch.randn(POINTS, 64, generator=generator), dim=1)
    views = []
    for number in range(count):
        pose = se3_exp(torch.tensor([0.08 * number - 0.4, 0.03 * (number % 3), 0, 0,
                                     0.02 * number - 0.1, 0]).double())
        cam_from_map = invert_pose(pose)
        seen = points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
        pixels = seen[:, :2] / seen[:, 2:] * torch.tensor([camera.fx, camera.fy]) + torch.tensor(
            [camera.cx, camera.cy])
        if noise_px:
            pixels += noise_px * torch.randn(pixels.shape, generator=generator)
        own = descriptors.clone()
        own[:wrong] = functional.normalize(torch.randn(wrong, 64, generator=generator), dim=1)
        views.append(FeatureView(
            pose, LocalFeatures(pixels.float(), own), CAMERA, torch.ones(1),
            (seen[:, 2] * depth_factor).float() if depth else None))
    return views, points
