# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Grids of cells: their pixels, the peak between them, mutual neighbours against a loop."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch
from torch.nn.functional import normalize

from scene_reloc_ros.features.cell_grid import CellGrid, mutual_of
from scene_reloc_ros.geometry.pixels import cell_centres

ROWS, COLUMNS, STRIDE = 9, 11, 8


def bumps(row, column):
    """Return the grid and the descriptor of something that lies at (row, column), cells."""
    down, right = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing='ij')
    near = torch.exp(-((down - row) ** 2 + (right - column) ** 2) / 8.0).flatten()
    wanted = torch.tensor([[1.0, 0.0]])
    return CellGrid(torch.stack((near, (1 - near ** 2).clamp_min(0).sqrt()), 1), ROWS, COLUMNS,
                    STRIDE), wanted


def test_pixels_are_the_centres_of_cells():
    grid = CellGrid(torch.zeros(ROWS * COLUMNS, 2), ROWS, COLUMNS, STRIDE)
    expected = cell_centres(ROWS, COLUMNS, STRIDE).flatten(0, 1)
    assert torch.equal(grid.pixels(torch.arange(ROWS * COLUMNS)), expected)
    assert grid.coarse.tolist()[:7] == [0, 2, 4, 6, 8, 10, 22]


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, ROWS - 2.0), st.floats(1.0, COLUMNS - 2.0))
def test_the_peak_between_cells_is_found_from_a_neighbour(row, column):
    grid, wanted = bumps(row, column)
    start = torch.tensor([min(round(row) + 1, ROWS - 1) * COLUMNS + round(column) - 1])
    cell, pixel, similarity = grid.refined(wanted, start)
    truth = (torch.tensor([column, row]) + 0.5) * STRIDE - 0.5
    assert float((pixel[0] - truth).abs().max()) < 0.1 * STRIDE
    assert cell.tolist() == [int(grid.descriptors[:, 0].argmax())] or row % 1 == 0.5 or (
        float(similarity) >= float(grid.descriptors[:, 0].max()) - 1e-6)


def test_at_the_border_there_is_no_peak_beyond():
    grid, wanted = bumps(0.0, 0.0)
    _, pixel, _ = grid.refined(wanted, torch.tensor([0]))
    assert pixel.tolist() == [[3.5, 3.5]]


@pytest.mark.parametrize('least', [-1.0, 0.3])
def test_mutual_matches_are_each_others_nearest(least):
    generator = torch.Generator().manual_seed(0)
    first, second = (normalize(torch.randn(n, 6, generator=generator), dim=1) for n in (30, 40))
    rows, columns = mutual_of(first @ second.T, least)
    similarity = (first @ second.T).numpy()
    expected = [(i, j) for i in range(30) for j in range(40)
                if similarity[i].argmax() == j and similarity[:, j].argmax() == i
                and similarity[i, j] > least]
    assert list(zip(rows.tolist(), columns.tolist())) == expected and expected
