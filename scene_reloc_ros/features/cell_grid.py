# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A grid of unit descriptors: coarse search, the best neighbour, and the peak between cells."""

from __future__ import annotations

from dataclasses import dataclass

import torch

_NEIGHBOURS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
_FLAT = -1e-6  # curvature of the similarity beyond which there is no peak


@dataclass(frozen=True)
class CellGrid:
    """The cells of one image, row by row."""

    descriptors: torch.Tensor  # (R * C, D) unit length
    rows: int
    columns: int
    stride: int  # pixels

    @property
    def coarse(self) -> torch.Tensor:
        """Return every second cell of every second row (K,): what a search begins with."""
        rows = torch.arange(0, self.rows, 2)
        return (rows[:, None] * self.columns + torch.arange(0, self.columns, 2)).flatten()

    def pixels(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the centres (K, 2) float32 of cells, pixels."""
        place = torch.stack((cells % self.columns, cells // self.columns), 1)
        return (place + 0.5) * self.stride - 0.5

    def refined(self, wanted: torch.Tensor, cells: torch.Tensor,
                ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return where descriptors are found best near the cells of a coarse search.

        Args:
            wanted: (K, D) unit descriptors.
            cells: (K,) where each was found.

        Returns:
            cells (K,), the best of each and its neighbours; pixels (K, 2), where the parabola
            through its similarity and that of its neighbours peaks; similarities (K,).
        """
        around = torch.stack([self._moved(cells, *step) for step in _NEIGHBOURS], 1)
        found = (self.descriptors[around] * wanted[:, None]).sum(2)
        similarity, number = found.max(1)
        best = around.gather(1, number[:, None])[:, 0]
        offset = torch.stack((
            self._peak(wanted, best, (0, 1), similarity),
            self._peak(wanted, best, (1, 0), similarity)), 1)
        return best, self.pixels(best) + offset * self.stride, similarity

    def _moved(self, cells: torch.Tensor, down: int, right: int) -> torch.Tensor:
        """Return the neighbours of cells; at the border a cell is its own."""
        rows = (cells // self.columns + down).clamp(0, self.rows - 1)
        return rows * self.columns + (cells % self.columns + right).clamp(0, self.columns - 1)

    def _peak(self, wanted: torch.Tensor, cells: torch.Tensor, step: tuple[int, int],
              here: torch.Tensor) -> torch.Tensor:
        """Return how far (K,) from the cells the similarity peaks along a direction, cells."""
        down, right = step
        before, after = self._moved(cells, -down, -right), self._moved(cells, down, right)
        low, high = ((self.descriptors[side] * wanted).sum(1) for side in (before, after))
        curvature = low - 2 * here + high
        peak = (low - high) / (2 * torch.where(curvature < _FLAT, curvature, -1.0))
        inside = (before != cells) & (after != cells) & (curvature < _FLAT)
        return torch.where(inside, peak, 0.0).clamp(-0.5, 0.5)


def mutual_of(similarity: torch.Tensor, least: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows and columns (K,) that are each other's best.

    Args:
        similarity: (N, M) cosines of N descriptors and M others.
        least: similarity of a match.
    """
    if not similarity.numel():
        nothing = torch.zeros(0, dtype=torch.long, device=similarity.device)
        return nothing, nothing
    value, column = similarity.max(1)
    row = similarity.max(0).indices
    kept = ((row[column] == torch.arange(len(column), device=column.device))
            & (value > least)).nonzero()[:, 0]
    return kept, column[kept]
