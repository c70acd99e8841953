# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Problem, options and result of the pose solvers: the contract that every backend fulfils."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import enum
from typing import TypeVar

import numpy as np
import torch

MINIMUM_CELLS = 4  # a minimal sample of three and one that tells a right pose from a wrong one
Depths = TypeVar('Depths', float, np.ndarray, torch.Tensor)


@dataclass(frozen=True)
class SolverOptions:
    """Settings of RANSAC; pixels are those of the image that the network sees."""

    threshold_px: float = 10.0  # an inlier's largest reprojection error, pixels
    threshold_m: float = 0.1  # an inlier's largest error of depth, where it is known, metres
    depth_noise: float = 0.0019  # standard deviation of a depth, of its square, 1/metre
    depth_weight: float = 1.0  # of a depth residual beside a pixel's, unitless
    coordinate_noise: float = 0.01  # standard deviation of a scene coordinate, of its depth
    error_clamp_px: float = 100.0  # errors beyond it are all the same to the score, pixels
    minimum_depth_m: float = 0.1  # a point nearer than this cannot be seen, metres
    first_samples: int = 640  # minimal samples of the first round, count
    round_samples: int = 8192  # most minimal samples of a round, count
    maximum_samples: int = 65536  # bound on minimal samples of all rounds, count
    test_cells: int = 16  # cells of which one has to agree with a minimal sample's pose, count
    confidence: float = 0.999  # that a good sample was drawn, probability
    scored: int = 256  # hypotheses of a round that are scored, count
    refined: int = 4  # best hypotheses of a round that are refined, count
    local_cells: int = 600  # cells on which hypotheses are compared and refined, count
    local_steps: int = 4  # Gauss-Newton steps of such a refinement, count
    final_steps: int = 20  # bound on the steps of the last refinement, count
    kernel: float = 7.0  # where the robust kernel bends, standard deviations of the residuals
    mode_distance_m: float = 0.25  # poses farther apart are different answers, metres
    mode_angle_deg: float = 10.0  # so are those turned more, degrees
    second_best_ratio: float = 0.95  # of the best score; another answer as good leaves none
    largest_deviation_m: float = 0.05  # of a pose's position that is fixed by its cells, metres
    largest_deviation_deg: float = 2.5  # of its rotation, degrees

    def depth_deviation(self, depths: Depths) -> Depths:
        """Return the standard deviations (N,), metres, of a sensor's depths (N,), metres.

        They grow with the square, as triangulation has it (Khoshelham and Elberink, 2012).
        """
        return self.depth_noise * depths ** 2

    def distance_bound(self, depths: Depths) -> Depths:
        """Return the thresholds (N,), metres, at depths (N,): wider where the sensor is not exact.

        It is ``threshold_m`` near by and three standard deviations far away.
        """
        return (self.threshold_m ** 2 + (3 * self.depth_deviation(depths)) ** 2) ** 0.5

    def depth_spread(self, depths: Depths) -> Depths:
        """Return the expected deviations (N,), metres, between coordinates and depths (N,)."""
        return ((self.coordinate_noise * depths) ** 2 + self.depth_deviation(depths) ** 2) ** 0.5

    def residual_at_one_metre(self, scale_px: float, focal_px: float) -> float:
        """Return a depth residual's scale, pixels, as metres at a depth of one metre.

        There a pixel of the depth residual is a pixel's share of the spread.
        """
        return scale_px * self.depth_spread(1.0) / self.coordinate_noise / focal_px


class SolverRejection(enum.Enum):
    """Why a problem has no pose; the value is the sentence for people."""

    TOO_FEW_CELLS = 'Fewer than four cells have finite rays and points.'
    NO_CONSENSUS = 'No pose explains more cells than chance would.'
    AMBIGUOUS = 'Two different poses explain the cells equally well.'
    UNDETERMINED = 'The cells that agree do not fix all of the pose.'


@dataclass(frozen=True)
class SolverResult:
    """The best pose of one problem and what is known about it."""

    cam_from_map: torch.Tensor  # (4, 4) float64, metres; rig_from_map of a rig
    inliers: torch.Tensor  # (N,) bool, of a rig one camera after the other
    score: float  # soft inlier count
    residual_px: float  # robust standard deviation of the inliers' residuals a component, pixels
    residual_m: float | None  # the same of their depths at one metre, None without depth
    information: torch.Tensor  # (6, 6) float64 of the twist d in exp(d) cam_from_map
    samples: int  # minimal samples drawn, count
    second_best_score: float  # soft inlier count of the best pose of another mode, 0 without one

    @property
    def second_best_ratio(self) -> float:
        """Return the score of the best other pose, of that of this one: near one, either is."""
        return self.second_best_score / max(self.score, 1e-9)


@dataclass(frozen=True)
class PoseProblem:
    """One query: rays of cells and the scene coordinates that the network gave them."""

    rays: torch.Tensor  # (N, 3) with z = 1, undistorted, camera frame
    points: torch.Tensor  # (N, 3) metres, map frame
    focal_px: float  # pixels per unit on the plane z = 1
    depths: torch.Tensor | None = None  # (N,) metres along z, 0 where unknown
    weights: torch.Tensor | None = None  # (N,) how much a cell counts, 0 leaves it out

    def __post_init__(self) -> None:
        """Refuse mismatched shapes."""
        if self.rays.shape != self.points.shape or self.rays.shape[-1] != 3:
            raise ValueError(f'rays {tuple(self.rays.shape)} and points '
                             f'{tuple(self.points.shape)} must both be (N, 3)')
        for name in ('depths', 'weights'):
            values = getattr(self, name)
            if values is not None and values.shape != self.rays.shape[:1]:
                raise ValueError(f'{name} {tuple(values.shape)} must be one a cell, '
                                 f'({len(self.rays)},)')
        if not (self.focal_px > 0):
            raise ValueError(f'focal_px must be positive, not {self.focal_px}')

    def usable(self) -> torch.Tensor:
        """Return the indices (K,) of the cells that count: finite, weight above zero."""
        good = torch.isfinite(self.rays).all(-1) & torch.isfinite(self.points).all(-1)
        if self.weights is not None:
            good &= (self.weights > 0) & torch.isfinite(self.weights)
        return good.nonzero()[:, 0]

    def strongest(self, count: int) -> PoseProblem:
        """Return the same cells, those beyond the ``count`` of the largest weights left out."""
        if self.weights is None or count >= len(self.weights):
            return self
        kept = torch.topk(torch.nan_to_num(self.weights), count).indices
        weights = torch.zeros_like(self.weights)
        weights[kept] = self.weights[kept]
        return replace(self, weights=weights)

    def all_weights(self) -> torch.Tensor:
        """Return the weights (N,), of cells without any one."""
        return torch.ones_like(self.rays[:, 0]) if self.weights is None else self.weights

    def without(self, left_out: torch.Tensor) -> PoseProblem:
        """Return the same cells, those of a mask (N,) without weight."""
        return replace(self, weights=torch.where(left_out.to(self.rays.device), 0.0,
                                                 self.all_weights()))

    def of(self, cells: torch.Tensor) -> PoseProblem:
        """Return the problem of some cells, by index or mask."""
        depths, weights = (None if values is None else values[cells]
                           for values in (self.depths, self.weights))
        return PoseProblem(self.rays[cells], self.points[cells], self.focal_px, depths, weights)


@dataclass(frozen=True)
class RigProblem:
    """One query of several cameras that are mounted together: one pose for all."""

    cam_from_rig: torch.Tensor  # (C, 4, 4) metres
    views: tuple[PoseProblem, ...]  # C cameras

    def __post_init__(self) -> None:
        """Refuse a rig whose cameras and mounts do not pair."""
        if self.cam_from_rig.shape != (len(self.views), 4, 4) or not self.views:
            raise ValueError(f'cam_from_rig {tuple(self.cam_from_rig.shape)} must be one 4x4 pose '
                             f'for each of {len(self.views)} cameras')

    def split(self, cells: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return values (N, ...) of all cells, one camera after the other, by camera."""
        return cells.split([len(view.rays) for view in self.views])


# The one function that every backend offers, see ``reference.solve_pose``
SolverFunction = Callable[[PoseProblem | RigProblem, torch.Generator, SolverOptions],
                          SolverResult | SolverRejection]
