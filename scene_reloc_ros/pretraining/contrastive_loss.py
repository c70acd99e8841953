# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Contrastive loss on corresponding points of two views (InfoNCE, van den Oord et al., 2018)."""

from __future__ import annotations

import torch
from torch.nn import functional

from scene_reloc_ros.geometry.pixels import resized_coordinate


def sample_descriptors(features_BCHW: torch.Tensor, pixels_BN2: torch.Tensor,
                       stride: int) -> torch.Tensor:
    """Return descriptors (B, N, C) interpolated at pixel coordinates (B, N, 2) of the image."""
    rows, columns = features_BCHW.shape[-2:]
    cells = resized_coordinate(pixels_BN2, 1 / stride)
    size = torch.tensor((columns, rows), dtype=cells.dtype, device=cells.device)
    grid = (cells + 0.5) * (2 / size) - 1
    sampled = functional.grid_sample(features_BCHW, grid[:, None], mode='bilinear',
                                     padding_mode='border', align_corners=False)
    return sampled[:, :, 0].transpose(1, 2)


def info_nce(descriptors_a: torch.Tensor, descriptors_b: torch.Tensor,
             temperature: float) -> tuple[torch.Tensor, float]:
    """Return the symmetric InfoNCE loss and the share of right nearest neighbours.

    Args:
        descriptors_a, descriptors_b: (N, C); row i of one belongs to row i of the other, every
            other row is a negative.
        temperature: of the softmax over cosine similarities, unitless.
    """
    a = functional.normalize(descriptors_a.float(), dim=1)
    b = functional.normalize(descriptors_b.float(), dim=1)
    similarity = (a @ b.T).float() / temperature
    right = (a * b).sum(1) / temperature
    loss = (similarity.logsumexp(0) + similarity.logsumexp(1)).mean() / 2 - right.mean()
    found = similarity.detach().argmax(1)
    return loss, float((found == torch.arange(len(a), device=a.device)).float().mean())
