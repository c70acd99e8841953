# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a camera makes of the light: gain, gamma, colour temperature and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_LEVELS = np.arange(256) / 255


@dataclass(frozen=True)
class SensorOptions:
    """How a rendered image becomes a recorded one."""

    gain: float  # factor on brightness, unitless
    gamma: float  # exponent on brightness in [0, 1]
    bgr_gain: tuple[float, float, float]  # colour temperature, a factor for each channel
    noise: float  # standard deviation in grey levels


SENSORS = {
    'day': SensorOptions(1.0, 1.0, (1.0, 1.0, 1.0), 1.5),
    'evening': SensorOptions(0.78, 1.25, (0.72, 0.92, 1.12), 4.0)}


def exposed(image: np.ndarray, options: SensorOptions,
            generator: np.random.Generator) -> np.ndarray:
    """Return the uint8 BGR image that the sensor makes of a rendered one."""
    curves = [255 * np.clip(options.gain * factor * _LEVELS, 0, 1) ** options.gamma
              for factor in options.bgr_gain]
    toned: np.ndarray = cv2.LUT(image, np.stack(curves, -1).astype(np.float32)[None])
    toned += options.noise * generator.standard_normal(image.shape, np.float32)
    return np.clip(np.rint(toned), 0, 255).astype(np.uint8)
