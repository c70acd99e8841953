# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Correspondences of several methods as one problem: what each counts."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from scene_reloc_ros.methods.method import Correspondences

_SQUARE_PX = 8.0  # what lies within one square of an image is evidence of one thing, pixels
_DENSE = 1 / 25  # of a cell of a grid, of which those nearby err alike


def joined(found: Mapping[str, Correspondences],
           weights: Mapping[str, float]) -> Correspondences:
    """Return the correspondences of several methods as one.

    What several say of one square of the image is not counted for each of them, and a cell of a
    whole grid counts for as much as it tells beside its neighbours.

    Args:
        found: of each method by its name; tensors may lie on several devices.
        weights: of one of each method, by its noise; 1 where it is missing.
    """
    device = next(iter(found.values())).points.device
    parts = list(found.values())
    pixels = torch.cat([part.pixels for part in parts])
    owner = torch.repeat_interleave(torch.arange(len(parts)),
                                    torch.tensor([len(part.pixels) for part in parts]))
    own = torch.cat([weights.get(name, 1.0) * _weights_of(part)
                     for name, part in found.items()])
    rays, points = (torch.cat([getattr(part, name).to(device).float() for part in parts])
                    for name in ('rays', 'points'))
    return Correspondences(
        pixels, rays, points, (own / _sharing(pixels, owner)).to(device), sparse=True,
        families=tuple((name, len(part.pixels)) for name, part in found.items()))


def _weights_of(part: Correspondences) -> torch.Tensor:
    """Return how much the correspondences (N,) of one method count each."""
    weights = torch.ones(len(part.pixels)) if part.weights is None else part.weights.cpu()
    return weights if part.sparse else _DENSE * weights


def _sharing(pixels: torch.Tensor, owner: torch.Tensor) -> torch.Tensor:
    """Return how many methods (N,) say something of the square that each pixel lies in.

    Args:
        pixels: (N, 2) of the working image.
        owner: (N,) int64, number of the method.
    """
    if not len(pixels):
        return torch.ones(0)
    place = (pixels / _SQUARE_PX).floor().long()
    column, row = (place - place.amin(0)).unbind(1)
    square = row * (int(column.max()) + 1) + column
    said = torch.zeros(int(owner.max()) + 1, int(square.max()) + 1)
    said[owner, square] = 1.0
    return said.sum(0)[square]
