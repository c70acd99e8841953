# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Query: one image as the solver and the assessment of its pose see it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scene_reloc_ros.solver.problem import PoseProblem
from scene_reloc_ros.uncertainty.image_quality import ImageQuality


@dataclass(frozen=True)
class Query:
    """One prepared image: its N cells, where they lie, and how much the picture shows."""

    problem: PoseProblem  # of all cells
    pixels: torch.Tensor  # (N, 2) of the cells, in the working image
    size_px: tuple[int, int]  # (width, height) of the working image
    enlarged: float  # size of the image that came in, of that of the working image
    quality: ImageQuality
