# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a pose leaves unexplained: the errors of its cells, and their soft inlier score.

A cell is seen at a pixel, and with a depth camera at a depth. An error of depth is given in
pixels too, as the share of its threshold, and the larger of the two counts: a cell whose depth is
known agrees with a pose in both or not at all, and a coarse depth does not excuse its pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions

_TINY = 1e-9


@dataclass(frozen=True)
class Observations:
    """The N cells of one camera, one row a quantity: what vector units and kernels like."""

    points_3N: torch.Tensor  # metres, map frame
    rays_2N: torch.Tensor  # x and y where z = 1
    focal_px: float
    weights_N: torch.Tensor | None
    depths_N: torch.Tensor | None  # metres, 0 where unknown; None: nowhere known
    px_per_m_N: torch.Tensor | None  # of a metre of depth in the errors, 0 where unknown
    depth_px_N: torch.Tensor | None  # of a metre of depth in the residuals, 0 where unknown

    @classmethod
    def of(cls, problem: PoseProblem, options: SolverOptions, dtype: torch.dtype) -> Observations:
        """Lay out a PoseProblem."""
        points, rays = problem.points.to(dtype).T, problem.rays.to(dtype).T
        layout: dict[str, Any] = {
            'points_3N': points.contiguous(), 'rays_2N': rays[:2].contiguous(),
            'focal_px': float(problem.focal_px), 'depths_N': None, 'px_per_m_N': None,
            'depth_px_N': None, 'weights_N': problem.weights}
        if problem.weights is not None:
            layout['weights_N'] = problem.weights.to(dtype)
        if problem.depths is not None:
            depths = torch.nan_to_num(problem.depths.to(dtype), nan=0.0, posinf=0.0, neginf=0.0)
            known = depths > options.minimum_depth_m
            depths = torch.where(known, depths, torch.zeros_like(depths))
            px_per_m = options.threshold_px / options.distance_bound(depths)
            # one pixel is what a coordinate's own noise makes of a pixel at that depth
            depth_px = (options.coordinate_noise * problem.focal_px
                        / options.depth_spread(depths).clamp_min(_TINY))
            layout.update(depths_N=depths, px_per_m_N=torch.where(known, px_per_m, 0 * px_per_m),
                          depth_px_N=torch.where(known, depth_px, 0 * depth_px))
        return cls(**layout)

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.points_3N.shape[1]

    def select(self, cells: torch.Tensor) -> Observations:
        """Return some of the cells, by index or mask."""
        def part(values: torch.Tensor | None) -> torch.Tensor | None:
            return None if values is None else values[..., cells]
        return Observations(self.points_3N[..., cells], self.rays_2N[..., cells], self.focal_px,
                            part(self.weights_N), part(self.depths_N), part(self.px_per_m_N),
                            part(self.depth_px_N))


def in_camera(cam_from_map: torch.Tensor,
              points_3N: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return x, y, z, each (H, N), of points (3, N) seen from poses (H, 4, 4)."""
    rotation = cam_from_map[:, :3, :3].reshape(-1, 3)
    seen = (rotation @ points_3N).view(len(cam_from_map), 3, -1) + cam_from_map[:, :3, 3:]
    x, y, z = seen.unbind(1)
    return x, y, z


def agreeing_cells(cam_from_map: torch.Tensor, cells: Observations,
                   options: SolverOptions) -> torch.Tensor:
    """Return how many (H,) of each pose's own cells, Observations of (H, T), agree with it."""
    seen = torch.einsum('hij,jht->iht', cam_from_map[:, :3, :3], cells.points_3N)
    x, y, z = seen + cam_from_map[:, :3, 3].T[..., None]
    return (squared_errors(x, y, z, cells, options) < options.threshold_px ** 2).sum(-1)


def squared_errors(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, cells: Observations,
                   options: SolverOptions) -> torch.Tensor:
    """Return squared errors (H, N) in pixels^2, clamped; what cannot be seen has the clamp.

    Args:
        x, y, z: (H, N) metres, the points in the camera frame of each pose.
        cells: Observations.
        options: SolverOptions.
    """
    clamp = options.error_clamp_px ** 2
    safe = z.clamp_min(options.minimum_depth_m)
    squared = ((x / safe - cells.rays_2N[0]) ** 2
               + (y / safe - cells.rays_2N[1]) ** 2) * cells.focal_px ** 2
    if cells.depths_N is not None and cells.px_per_m_N is not None:
        squared = torch.maximum(squared, ((z - cells.depths_N) * cells.px_per_m_N) ** 2)
    return squared.masked_fill(z < options.minimum_depth_m, clamp).clamp_max_(clamp)


def soft_inlier_score(squared: torch.Tensor, threshold_px: float,
                      weights: torch.Tensor | None = None) -> torch.Tensor:
    """Return the soft inlier counts (H,) of squared errors (H, N) in pixels^2.

    A sigmoid with slope 5 / threshold (Brachmann and Rother, DSAC*, TPAMI 2021, eq. 8).
    """
    soft = torch.sigmoid(5 - squared.sqrt() * (5 / threshold_px))
    return soft.sum(-1) if weights is None else soft @ weights
