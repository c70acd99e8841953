# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Minimal samples: which cells make a hypothesis, and which put it to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions

MINIMAL = 3  # cells that fix a pose
_ENOUGH_DEPTH = 0.1  # of the cells; with fewer depths hypotheses come from pixels


@dataclass(frozen=True)
class Sample:
    """S minimal samples among the usable cells of one camera."""

    minimal: torch.Tensor  # (S, 3) int64
    test: torch.Tensor  # (S, T) int64
    measured: bool  # whether the depths of the minimal cells are known


def uniform_numbers(count: int, generator: torch.Generator,
                    options: SolverOptions) -> torch.Tensor:
    """Return the numbers (count, 1 + 3 + T) float64 that choose a camera, its sample, its tests.

    They come row by row: it does not matter in how many calls they are drawn.
    """
    return torch.rand((count, 1 + MINIMAL + options.test_cells), generator=generator,
                      dtype=torch.float64)


class Sampler:
    """Turns uniform numbers into cells: in proportion to their weights, all of one camera.

    The uniform numbers come from an explicit CPU generator, so that the same state gives the same
    samples on every device. Cells are drawn independently; a sample that holds a cell twice is
    degenerate and gives no hypothesis, which costs less than drawing without replacement.
    """

    def __init__(self, problems: Sequence[PoseProblem], generator: torch.Generator,
                 options: SolverOptions) -> None:
        """Prepare the choice among the cells of PoseProblems that are all usable."""
        self.generator, self.options = generator, options
        self.pools = [_Pool(problem, options) for problem in problems]
        sizes = torch.tensor([float(len(pool.cells)) for pool in self.pools]).double()
        self.bounds = (sizes / sizes.sum()).cumsum(0)

    def draw(self, count: int) -> list[Sample]:
        """Return a Sample for each camera, ``count`` minimal samples in all."""
        numbers = uniform_numbers(count, self.generator, self.options)
        if len(self.pools) == 1:
            return [self.pools[0].sample(numbers[:, 1:])]
        camera = torch.searchsorted(self.bounds, numbers[:, 0].contiguous())
        camera = camera.clamp_max(len(self.pools) - 1)
        return [pool.sample(numbers[camera == number, 1:])
                for number, pool in enumerate(self.pools)]


class _Pool:
    """The cells of one camera that minimal samples are drawn from."""

    def __init__(self, problem: PoseProblem, options: SolverOptions) -> None:
        self.count, self.device = len(problem.rays), problem.rays.device
        self.cells, self.measured = torch.arange(self.count), False
        if problem.depths is not None:
            known = (problem.depths > options.minimum_depth_m).cpu() & torch.isfinite(
                problem.depths).cpu()
            if int(known.sum()) > max(MINIMAL, _ENOUGH_DEPTH * self.count):
                self.cells, self.measured = known.nonzero()[:, 0], True
        self.cumulative: torch.Tensor | None = None
        if problem.weights is not None:
            self.cumulative = problem.weights.cpu().double()[self.cells].cumsum(0)

    def sample(self, numbers: torch.Tensor) -> Sample:
        """Return the Sample of uniform numbers (S, 3 + T)."""
        first, rest = numbers[:, :MINIMAL], numbers[:, MINIMAL:]
        if self.cumulative is None:
            chosen = (first * len(self.cells)).long()
        else:
            chosen = torch.searchsorted(self.cumulative, first * self.cumulative[-1])
            chosen = chosen.clamp_max(len(self.cells) - 1)
        return Sample(self.cells[chosen].to(self.device),
                      (rest * self.count).long().to(self.device), self.measured)
