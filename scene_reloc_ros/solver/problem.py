# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Options and result of the pose solvers: the contract that every backend fulfils."""

from dataclasses import dataclass

import torch

MINIMUM_CELLS = 4  # a minimal sample of three and the one that tells its solutions apart


@dataclass(frozen=True)
class SolverOptions:
    """Settings of RANSAC-PnP; pixels are those of the image that the network sees."""

    threshold_px: float = 10.0  # an inlier's largest reprojection error, pixels
    error_clamp_px: float = 100.0  # errors beyond it are all the same to the score, pixels
    minimum_depth_m: float = 0.1  # a point nearer than this cannot be seen, metres
    first_samples: int = 256  # minimal samples of the first round, count
    maximum_samples: int = 16384  # bound on minimal samples of all rounds, count
    confidence: float = 0.9999  # that an uncontaminated sample was drawn, probability
    refined: int = 4  # best hypotheses of a round that are refined, count
    local_cells: int = 600  # cells on which hypotheses are refined before the last, count
    local_rounds: int = 4  # inlier selections in a refinement of a hypothesis, count
    final_rounds: int = 8  # inlier selections of the last refinement, count
    iterations: int = 10  # Levenberg-Marquardt steps of one of them, count
    kernel: float = 3.0  # scale of the Cauchy kernel, robust standard deviations of the residuals


@dataclass(frozen=True)
class SolverResult:
    """The best pose of one problem and what is known about it."""

    cam_from_map: torch.Tensor  # (4, 4) float64, metres
    inliers: torch.Tensor  # (N,) bool
    score: float  # soft inlier count
    residual_px: float  # robust standard deviation of the inliers' residuals a component, pixels
    information: torch.Tensor  # (6, 6) float64 of the twist d in exp(d) cam_from_map, per px^2
    samples: int  # minimal samples drawn, count


@dataclass(frozen=True)
class PoseProblem:
    """One query: rays of cells and the scene coordinates that the network gave them."""

    rays: torch.Tensor  # (N, 3) with z = 1, undistorted, camera frame
    points: torch.Tensor  # (N, 3) metres, map frame
    focal_px: float  # pixels per unit on the plane z = 1

    def __post_init__(self):
        """Refuse mismatched shapes."""
        if self.rays.shape != self.points.shape or self.rays.shape[-1] != 3:
            raise ValueError(f'rays {tuple(self.rays.shape)} and points '
                             f'{tuple(self.points.shape)} must both be (N, 3)')

    def finite(self):
        """Return the problem without NaN and Inf, and the kept indices."""
        good = torch.isfinite(self.rays).all(-1) & torch.isfinite(self.points).all(-1)
        kept = good.nonzero()[:, 0]
        return PoseProblem(self.rays[kept], self.points[kept], self.focal_px), kept
