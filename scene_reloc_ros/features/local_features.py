# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Local features of an image: where something stands out, and unit descriptors of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from scene_reloc_ros.features.projection import Projection

_SIFT_CONTRAST = 0.02  # half of OpenCV's: plain walls of offices have little else
_ORB_FAST = 8  # threshold of its corners, grey levels


@dataclass(frozen=True)
class LocalFeatures:
    """K features of one image, strongest first."""

    pixels: torch.Tensor  # (K, 2) float32
    descriptors: torch.Tensor  # (K, D) float32, unit length

    def __len__(self) -> int:
        """Return K."""
        return len(self.pixels)

    def projected(self, projection: Projection) -> LocalFeatures:
        """Return the same features with the short descriptors of a place."""
        return replace(self, descriptors=projection(self.descriptors))


Extractor = Callable[[np.ndarray], LocalFeatures]  # of an image (H, W) uint8


def sift(count: int) -> Extractor:
    """Return what finds at most so many SIFT features (Lowe, IJCV 2004).

    Descriptors are the roots of L1-normalised ones, whose cosine is Hellinger's kernel
    (Arandjelovic and Zisserman, CVPR 2012).
    """
    detector = cv2.SIFT_create(  # type: ignore[attr-defined]  # the stubs lack it
        count, contrastThreshold=_SIFT_CONTRAST)

    def extract(grey: np.ndarray) -> LocalFeatures:
        points, descriptors = detector.detectAndCompute(grey, None)
        if not points:
            return _none(128)
        values = torch.from_numpy(descriptors)
        values = (values / values.sum(1, keepdim=True).clamp_min(1e-6)).sqrt()
        return _strongest(points, values, count)
    return extract


def orb(count: int) -> Extractor:
    """Return what finds at most so many ORB features (Rublee et al., ICCV 2011).

    A bit becomes plus or minus one, so that the cosine of two descriptors tells their Hamming
    distance.
    """
    detector = cv2.ORB_create(  # type: ignore[attr-defined]  # the stubs lack it
        count, fastThreshold=_ORB_FAST)

    def extract(grey: np.ndarray) -> LocalFeatures:
        points, descriptors = detector.detectAndCompute(grey, None)
        if not points:
            return _none(256)
        signs = torch.from_numpy(np.unpackbits(descriptors, axis=1)).float() * 2 - 1
        return _strongest(points, signs / signs.shape[1] ** 0.5, count)
    return extract


def _none(dimensions: int) -> LocalFeatures:
    return LocalFeatures(torch.zeros(0, 2), torch.zeros(0, dimensions))


def _strongest(points: list[cv2.KeyPoint], descriptors: torch.Tensor, count: int) -> LocalFeatures:
    pixels = torch.tensor([point.pt for point in points], dtype=torch.float32)
    order = torch.tensor([-point.response for point in points]).argsort(stable=True)[:count]
    return LocalFeatures(pixels[order], descriptors[order])


def ratio_matches(similarity: torch.Tensor, ratio: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows and columns (K,) that are each other's best, and clearly better than the next.

    Args:
        similarity: (N, M) cosines of unit descriptors.
        ratio: most that the distance to the best may be, of that to the second best of the
            columns (Lowe, IJCV 2004).
    """
    if min(similarity.shape) < 2:
        nothing = torch.zeros(0, dtype=torch.long)
        return nothing, nothing
    best, column = similarity.topk(2, 1)
    back = similarity.argmax(0)
    # |a - b|^2 = 2 - 2 cos
    clear = (1 - best[:, 0]) < ratio ** 2 * (1 - best[:, 1])
    rows = (clear & (back[column[:, 0]] == torch.arange(len(best)))).nonzero()[:, 0]
    return rows, column[rows, 0]
