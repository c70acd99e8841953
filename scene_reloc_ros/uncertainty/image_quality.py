# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Image quality: sharpness, contrast and exposure of a query, and rejection of poor pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scene_reloc_ros.uncertainty.model import ImageStatistics
from scene_reloc_ros.uncertainty.rejection import Rejection

FINE_DETAIL_PX = 1.5  # structures below it vanish first when a picture is blurred, pixels
_KERNEL_PX = 9  # pixels, six times as wide as that
_WHITE = 250  # grey value from which on a sensor tells nothing more
_LEAST_CONTRAST = 1e-3  # keeps the ratio finite
_DARK = 0.12  # mean grey value in [0, 1] of a picture that shows nothing
_FLAT = 0.03  # standard deviation of grey values in [0, 1] of one
_SATURATED = 0.5  # share of white pixels of a picture that is too bright
_BLURRED = 0.5  # sharpness, as a share of that of the mapping frames


@dataclass(frozen=True)
class ImageQuality:
    """How much a picture shows."""

    sharpness: float  # share of its contrast that is fine detail
    contrast: float  # standard deviation of its grey values in [0, 1]
    brightness: float  # mean grey value in [0, 1]
    saturated: float  # share of pixels that are white


def image_quality(grey: np.ndarray) -> ImageQuality:
    """Return the ImageQuality of an (H, W) uint8 image."""
    values = grey.astype(np.float32) / 255
    contrast = float(values.std())
    fine = float((values - cv2.GaussianBlur(values, (0, 0), FINE_DETAIL_PX)).std())
    return ImageQuality(fine / max(contrast, _LEAST_CONTRAST), contrast, float(values.mean()),
                        float((grey >= _WHITE).mean()))


def directed_sharpness(grey: np.ndarray) -> float:
    """Return the share of the contrast of an (H, W) uint8 image that is fine detail, at least.

    Of the rows or of the columns, where it is less: a camera that turns while it exposes leaves
    all of the detail across its motion.
    """
    values = grey.astype(np.float32) / 255
    kernel = cv2.getGaussianKernel(_KERNEL_PX, FINE_DETAIL_PX).astype(np.float32)
    alone = np.ones((1, 1), np.float32)
    fine = min(float((values - cv2.sepFilter2D(values, -1, *kernels)).std())
               for kernels in ((kernel, alone), (alone, kernel)))
    return fine / max(float(values.std()), _LEAST_CONTRAST)


def exposure_rejection(quality: ImageQuality) -> Rejection | None:
    """Return the Rejection of a picture whose exposure leaves nothing to see, or None."""
    if quality.saturated > _SATURATED:
        return Rejection.TOO_BRIGHT
    return Rejection.TOO_DARK if quality.brightness < _DARK else None


def image_rejection(quality: ImageQuality, images: ImageStatistics) -> Rejection | None:
    """Return the Rejection of a picture that shows too little, or None.

    Args:
        quality: of the picture.
        images: what pictures of the mapped place look like.
    """
    exposure = exposure_rejection(quality)
    if exposure is not None:
        return exposure
    if quality.contrast < _FLAT:
        return Rejection.TOO_DARK
    if quality.sharpness < _BLURRED * images.sharpness:
        return Rejection.TOO_BLURRED
    return None


def image_statistics(qualities: list[ImageQuality]) -> ImageStatistics:
    """Return the medians of the qualities of some mapping frames, at least one."""
    return ImageStatistics(float(np.median([quality.sharpness for quality in qualities])),
                           float(np.median([quality.contrast for quality in qualities])))
