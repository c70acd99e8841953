# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The queries that solvers are compared on."""

import numpy as np
import torch

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import synthetic_problem
from scene_reloc_ros.geometry.poses import transform_points


def test_synthetic_inliers_lie_on_their_rays():
    problem = synthetic_problem(0, cells=500, inlier_ratio=1.0, noise_px=0.0)
    points = transform_points(torch.linalg.inv(problem.map_from_cam),
                              torch.from_numpy(problem.points)).numpy()
    assert np.allclose(525 * points[:, :2] / points[:, 2:], problem.pixels, atol=1e-8)
