# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A sequence in other light, blurred or noisy: seeded, so that every evaluation sees the same."""

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


Perturbation = Callable[[np.random.Generator, np.ndarray], np.ndarray]
PERTURBATIONS: dict[str, Perturbation] = {'light': _light, 'blur': _blur, 'noise': _noise}


class PerturbedSequence(SelectedFrames):
    """All frames of a sequence, each changed in its own way; poses and depth stay."""

    def __init__(self, sequence: Sequence, kind: str, seed: int = 0) -> None:
        """Change the frames of ``sequence`` by one of ``PERTURBATIONS``."""
        if kind not in PERTURBATIONS:
            raise ValueError(f'perturbation {kind!r} is unknown; expected one of '
                             f'{", ".join(PERTURBATIONS)}')
        super().__init__(sequence, range(len(sequence)))
        self._kind, self._seed = kind, seed

    def _read(self, index: int) -> PosedImage:
        frame = super()._read(index)
        rng = np.random.default_rng((self._seed, index))
        changed = PERTURBATIONS[self._kind](rng, effects.to_unit(frame.image))
        return replace(frame, image=effects.to_bytes(changed))
