# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From what a method observes in an image to the Query that a solver is asked."""

from __future__ import annotations

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import trusted_depths
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import same_camera
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.method import Correspondences, QueryImage, Regressed
from scene_reloc_ros.solver.problem import PoseProblem, SolverResult
from scene_reloc_ros.uncertainty.query import Query


def observed_query(seen: QueryImage, observed: Correspondences | Regressed) -> Query:
    """Return the Query of what a method knows of a working image."""
    camera, enlarged = seen.camera, seen.source.width / seen.camera.width
    size = camera.width, camera.height
    if isinstance(observed, Regressed):
        nothing = torch.zeros(0, 3)
        return Query(PoseProblem(nothing, nothing, camera.focal), nothing[:, :2], size, enlarged,
                     seen.quality, regressed=_regressed(observed), similarity=observed.similarity)
    problem = PoseProblem(observed.rays, observed.points, camera.focal, weights=observed.weights)
    return Query(problem, observed.pixels, size, enlarged, seen.quality, observed.sparse,
                 families=observed.families)


def cell_depths(scene_map: SceneMap, depth_m: np.ndarray, camera: Camera,
                query: Query) -> torch.Tensor:
    """Return the depths (N,) of the cells as a map sees them, metres, 0 where unknown.

    Args:
        scene_map: whose depth correction is that of its own camera.
        depth_m: (H, W) metres, registered.
        camera: that took the image.
        query: of the image.
    """
    rays, stretch = query.problem.rays, depth_m.shape[0] / query.size_px[1]
    depths = torch.from_numpy(trusted_depths(depth_m, query.pixels.numpy(),
                                             stretch)).to(rays.device)
    correction = scene_map.depth if same_camera(camera, scene_map.camera) else None
    return depths if correction is None else correction(depths, rays[:, :2])


def _regressed(observed: Regressed) -> SolverResult:
    """Return a pose that comes without correspondences as that of a solver."""
    deviations = [observed.deviation_m] * 3 + [observed.deviation_rad] * 3
    information = torch.tensor(deviations, dtype=torch.float64).pow(-2).diag()
    return SolverResult(invert_pose(observed.map_from_cam), torch.zeros(0, dtype=torch.bool), 0.0,
                        0.0, None, information, 0, 0.0)
