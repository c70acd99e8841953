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
    def unit(descriptors: np.ndarray) -> torch.Tensor:
        values = torch.from_numpy(descriptors)
        return (values / values.sum(1, keepdim=True).clamp_min(1e-6)).sqrt()
    detector = cv2.SIFT_create(  # type: ignore[attr-defined]  # the stubs lack it
        count, contrastThreshold=_SIFT_CONTRAST)
    return _extractor(detector, unit, 128, count)


def orb(count: int) -> Extractor:
    """Return what finds at most so many ORB features (Rublee et al., ICCV 2011).

    A bit becomes plus or minus one, so that the cosine of two descriptors tells their Hamming
    distance.
    """
    def unit(descriptors: np.ndarray) -> torch.Tensor:
        signs = torch.from_numpy(np.unpackbits(descriptors, axis=1)).float() * 2 - 1
        return signs / signs.shape[1] ** 0.5
    detector = cv2.ORB_create(  # type: ignore[attr-defined]  # the stubs lack it
        count, fastThreshold=_ORB_FAST)
    return _extractor(detector, unit, 256, count)


def _extractor(detector: cv2.Feature2D, unit: Callable[[np.ndarray], torch.Tensor],
               dimensions: int, count: int) -> Extractor:
    """Return what finds the strongest features of a detector, its descriptors made unit ones."""
    def extract(grey: np.ndarray) -> LocalFeatures:
        points, descriptors = detector.detectAndCompute(grey, None)  # type: ignore[call-overload]
        if not points:
            return LocalFeatures(torch.zeros(0, 2), torch.zeros(0, dimensions))
        pixels = torch.tensor([point.pt for point in points], dtype=torch.float32)
        order = torch.tensor([-point.response for point in points]).argsort(stable=True)[:count]
        return LocalFeatures(pixels[order], unit(descriptors)[order])
    return extract


EXTRACTORS = {'sift': sift, 'orb': orb}  # name of --features -> what makes one of a count


def extractor_of(features: str, count: int) -> Extractor:
    """Return what finds features of that name; ValueError lists the known ones."""
    if features not in EXTRACTORS:
        raise ValueError(f'features {features!r} are not known; one of {", ".join(EXTRACTORS)}')
    return EXTRACTORS[features](count)


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
