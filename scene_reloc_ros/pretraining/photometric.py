# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Random changes of light, optics and sensor for the views of a training pair."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from scene_reloc_ros.datasets import camera_effects as effects


@dataclass(frozen=True)
class PhotometricOptions:
    """How much light, optics and sensor change a view; shares are probabilities."""

    gain: float = 0.5  # largest change of contrast, natural logarithm
    offset: float = 0.2  # largest shift of brightness, of 1
    gamma: float = 0.6  # largest change of gamma, natural logarithm
    overexposed: float = 0.07  # share of views with a gain of two to three
    shadow: float = 0.7  # largest strength of a shadow or of uneven light, of 1
    soft_shadows: float = 0.35  # share of views with uneven light
    cast_shadows: float = 0.25  # share of views with a shadow that has an edge
    highlights: float = 0.12  # share of views with glare
    vignettes: float = 0.2  # share of views with dark corners
    defocus: float = 1.8  # largest standard deviation of defocus, pixels
    defocused: float = 0.3  # share of views
    motion: float = 8.0  # longest motion blur, pixels
    moved: float = 0.15  # share of views
    noise: float = 0.05  # largest standard deviation of sensor noise, of 1
    compressed: float = 0.3  # share of views stored as JPEG
    quality: int = 25  # lowest JPEG quality


STILL = PhotometricOptions(gain=0, offset=0, gamma=0, overexposed=0, soft_shadows=0,
                           cast_shadows=0, highlights=0, vignettes=0, defocused=0, moved=0,
                           noise=0, compressed=0)


def photometric_change(rng: np.random.Generator, view: np.ndarray,
                       options: PhotometricOptions) -> np.ndarray:
    """Return a (H, W) float32 view in [0, 1] in another light, by another camera."""
    view = _relit(rng, view, options)
    view = _through_lens(rng, view, options)
    view = effects.noisy(rng, view, rng.uniform(0, options.noise),
                         rng.uniform(0, options.noise))
    if rng.random() < options.compressed:
        view = effects.jpeg_compressed(view, rng.uniform(options.quality, 95))
    return view


def _relit(rng: np.random.Generator, view: np.ndarray, options: PhotometricOptions) -> np.ndarray:
    height, width = view.shape
    if rng.random() < options.soft_shadows:
        strength = rng.uniform(0, options.shadow)
        view = effects.shaded(view, effects.soft_shadow(rng, height, width, strength))
    if rng.random() < options.cast_shadows:
        strength = rng.uniform(0.2, 1) * options.shadow
        view = effects.shaded(view, effects.cast_shadow(rng, height, width, strength))
    if rng.random() < options.highlights:
        view = effects.highlight(rng, view, rng.uniform(0.2, 1))
    gain = math.exp(rng.uniform(-1, 1) * options.gain)
    if rng.random() < options.overexposed:
        gain = rng.uniform(2, 3)
    return effects.tone(view, gain, rng.uniform(-1, 1) * options.offset,
                        math.exp(rng.uniform(-1, 1) * options.gamma))


def _through_lens(rng: np.random.Generator, view: np.ndarray,
                  options: PhotometricOptions) -> np.ndarray:
    if rng.random() < options.vignettes:
        view = effects.vignetted(view, rng.uniform(0, 0.7))
    if rng.random() < options.defocused:
        view = effects.defocused(view, rng.uniform(0.3, options.defocus))
    elif rng.random() < options.moved:
        view = effects.motion_blurred(view, rng.uniform(2, options.motion),
                                      rng.uniform(0, math.pi))
    return view
