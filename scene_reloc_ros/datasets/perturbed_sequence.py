# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A sequence in other light, blurred, noisy or poor: seeded, so that every run sees the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import math

import numpy as np

from scene_reloc_ros.datasets import camera_effects as effects
from scene_reloc_ros.datasets.posed_sequence import SelectedFrames, Sequence
from scene_reloc_ros.geometry.posed_image import PosedImage

_NOMINAL_WIDTH = 640  # pixels: blur is given for images of this width


def _light(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Another hour: gamma and gain up to 1.8, colour temperature, a shadow that has an edge."""
    height, width = image.shape[:2]
    image = effects.shaded(image, effects.soft_shadow(rng, height, width, rng.uniform(0, 0.4)))
    image = effects.shaded(image, effects.cast_shadow(rng, height, width, rng.uniform(0.3, 0.6)))
    gain: float | np.ndarray = math.exp(rng.uniform(-0.6, 0.6))
    if image.ndim == 3:
        warmth = rng.uniform(-0.2, 0.2)
        gain = gain * np.array((1 - warmth, 1.0, 1 + warmth), np.float32)
    return effects.tone(image, gain, rng.uniform(-0.05, 0.05), math.exp(rng.uniform(-0.6, 0.6)))


def _blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Motion of 4 to 12 pixels, or defocus of 1 to 2.5 pixels, of an image 640 wide."""
    unit = image.shape[1] / _NOMINAL_WIDTH
    if rng.random() < 0.5:
        return effects.motion_blurred(image, unit * rng.uniform(4, 12), rng.uniform(0, math.pi))
    return effects.defocused(image, unit * rng.uniform(1.0, 2.5))


def _noise(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Sensor noise of a dark room, stored as a small JPEG."""
    image = effects.noisy(rng, image, rng.uniform(0.02, 0.06), rng.uniform(0.03, 0.08))
    return effects.jpeg_compressed(image, rng.uniform(30, 80))


def _crop(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Leave a third of the area, somewhere; something close and grey covers the rest."""
    height, width = image.shape[:2]
    high, wide = (round(side / math.sqrt(3)) for side in (height, width))
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    covered = np.full_like(image, image.mean())
    covered[top:top + high, left:left + wide] = image[top:top + high, left:left + wide]
    return covered


def _smear(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Fast motion: 16 to 32 pixels of an image 640 wide."""
    unit = image.shape[1] / _NOMINAL_WIDTH
    return effects.motion_blurred(image, unit * rng.uniform(16, 32), rng.uniform(0, math.pi))


def _dark(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Leave a fifth to a tenth of the light, with the noise of the sensor."""
    return effects.noisy(rng, effects.tone(image, rng.uniform(0.1, 0.2)), 0.01, 0.03)


Perturbation = Callable[[np.random.Generator, np.ndarray], np.ndarray]
PERTURBATIONS: dict[str, Perturbation] = {'light': _light, 'blur': _blur, 'noise': _noise}
# What leaves so little of an image that most are refused alone.
POVERTIES: dict[str, Perturbation] = {'crop': _crop, 'smear': _smear, 'dark': _dark}
CHANGES = PERTURBATIONS | POVERTIES


class PerturbedSequence(SelectedFrames):
    """All frames of a sequence, each changed in its own way; poses and depth stay."""

    def __init__(self, sequence: Sequence, kind: str, seed: int = 0) -> None:
        """Change the frames of ``sequence`` by one of ``CHANGES``."""
        if kind not in CHANGES:
            raise ValueError(f'perturbation {kind!r} is unknown; expected one of '
                             f'{", ".join(CHANGES)}')
        super().__init__(sequence, range(len(sequence)))
        self._kind, self._seed = kind, seed

    def _read(self, index: int) -> PosedImage:
        frame = super()._read(index)
        rng = np.random.default_rng((self._seed, index))
        changed = CHANGES[self._kind](rng, effects.to_unit(frame.image))
        return replace(frame, image=effects.to_bytes(changed))
