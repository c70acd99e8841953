# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Short descriptors: principal components of one place's descriptors, and their byte codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

_LARGEST_CODE = 127.0


@dataclass(frozen=True)
class Projection:
    """The directions in which the descriptors of a place differ most."""

    mean: torch.Tensor  # (C,) float32
    axes: torch.Tensor  # (C, D) float32, orthonormal columns

    @classmethod
    def fit(cls, descriptors: torch.Tensor, dimensions: int) -> Projection:
        """Return the Projection of descriptors (N, C) to so many dimensions."""
        mean = descriptors.mean(0)
        wanted = min(dimensions, descriptors.shape[1])
        covariance = (descriptors - mean).T @ (descriptors - mean)
        _, vectors = torch.linalg.eigh(covariance.double())  # ascending
        return cls(mean, vectors[:, -wanted:].flip(1).float())

    def __call__(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Return unit descriptors (N, D) of descriptors (N, C)."""
        return functional.normalize((descriptors - self.mean) @ self.axes, dim=1)


def to_codes(descriptors: torch.Tensor) -> torch.Tensor:
    """Return int8 codes (N, D) of unit descriptors: each scaled to use the whole range."""
    largest = descriptors.abs().amax(1, keepdim=True).clamp_min(1e-6)
    return (descriptors / largest * _LARGEST_CODE).round().to(torch.int8)


def from_codes(codes: torch.Tensor) -> torch.Tensor:
    """Return unit descriptors (N, D) float32 of codes."""
    return functional.normalize(codes.float(), dim=1)
