# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""VLAD: one vector for an image, of all its local descriptors (Jegou et al., CVPR 2010).

With the intra-normalisation and the power law that the field adds (Arandjelovic and Zisserman,
CVPR 2013).
"""

from __future__ import annotations

import torch
from torch.nn import functional

_ROUNDS = 12  # of k-means


def fit_words(descriptors: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return visual words (W, D), unit length, by spherical k-means.

    Args:
        descriptors: (N, D) unit length.
        count: of the words; fewer where there are fewer descriptors.
        generator: on the CPU, of the first words.
    """
    first = torch.randperm(len(descriptors), generator=generator)[:count]
    words = descriptors[first]
    for _ in range(_ROUNDS):
        nearest = (descriptors @ words.T).argmax(1)
        sums = torch.zeros_like(words).index_add(0, nearest, descriptors)
        empty = sums.norm(dim=1, keepdim=True) < 1e-6
        words = torch.where(empty, words, functional.normalize(sums, dim=1))
    return words


def vlad(descriptors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return the summary (W * D,), unit length, of an image's descriptors (N, D)."""
    nearest = (descriptors @ words.T).argmax(1)
    residuals = torch.zeros_like(words).index_add(0, nearest, descriptors - words[nearest])
    flat = functional.normalize(residuals, dim=1).flatten()
    return functional.normalize(flat.sign() * flat.abs().sqrt(), dim=0)
