# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Query: one image as the solver and the assessment of its pose see it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverResult
from scene_reloc_ros.uncertainty.image_quality import ImageQuality


@dataclass(frozen=True)
class Query:
    """One prepared image: its N cells or matches, where they lie, how much the picture shows."""

    problem: PoseProblem  # of all cells
    pixels: torch.Tensor  # (N, 2) of the cells, in the working image
    size_px: tuple[int, int]  # (width, height) of the working image
    enlarged: float  # size of the image that came in, of that of the working image
    quality: ImageQuality
    sparse: bool = False  # matches with key frames; else one scene coordinate a cell
    regressed: SolverResult | None = None  # the pose, where it comes without correspondences
    families: tuple[tuple[str, int], ...] = ()  # name and count of what each method found
    similarity: float = 0.0  # to the nearest mapping view, of such a pose
    own_camera: bool = True  # whether the camera is stated to be the one that the map was made by
    if_own: tuple[float, ...] | None = None  # what it is off by (FREED) if it is, though another
