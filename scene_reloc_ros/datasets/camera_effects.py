# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What light, optics and sensors do to an image.

Every function takes and returns float32 intensities in [0, 1], (H, W) or (H, W, 3); the training
of the encoder and the perturbed evaluation are both composed of them.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt


def noise_texture(rng: np.random.Generator, height: int, width: int,
                  exponent: float) -> np.ndarray:
    """Return 1/f^exponent noise in [0, 1] of shape (height, width)."""
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None]
    amplitude = 1.0 / np.maximum(np.hypot(fx, fy), 1.0 / max(height, width)) ** exponent
    phase = rng.uniform(0, 2 * math.pi, amplitude.shape)
    field = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(height, width))
    low, high = np.percentile(field, (2, 98))
    return np.clip((field - low) / (high - low + 1e-9), 0, 1).astype(np.float32)


def tone(image: np.ndarray, gain: npt.ArrayLike = 1.0, offset: float = 0.0,
         gamma: float = 1.0) -> np.ndarray:
    """Return clip(gain * image + offset) ** gamma; gain may hold a value for every channel."""
    brought = image * np.asarray(gain, np.float32) + np.float32(offset)
    return np.clip(brought, 0, 1) ** np.float32(gamma)


def shaded(image: np.ndarray, gain_HW: np.ndarray) -> np.ndarray:
    """Return the image times a map of gains, clipped where the sensor saturates."""
    gain_HW = gain_HW if image.ndim == 2 else gain_HW[..., None]
    return np.clip(image * gain_HW, 0, 1)


def soft_shadow(rng: np.random.Generator, height: int, width: int, strength: float) -> np.ndarray:
    """Return gains (height, width) of light that varies smoothly, between 1 +- strength."""
    coarse = noise_texture(rng, 24, 24, 2.0)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return 1 + np.float32(strength) * (2 * field - 1)


def cast_shadow(rng: np.random.Generator, height: int, width: int, strength: float) -> np.ndarray:
    """Return gains (height, width): 1, and 1 - strength in a polygon with a penumbra."""
    size = np.array((width, height))
    corners = rng.uniform(-0.3, 1.3, (int(rng.integers(3, 6)), 2)) * size
    mask = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 1.0)
    penumbra = rng.uniform(0.5, 0.03 * max(height, width))
    return 1 - np.float32(strength) * cv2.GaussianBlur(mask, (0, 0), penumbra)


def highlight(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Return the image with the glare of a lamp added."""
    height, width = image.shape[:2]
    v, u = np.mgrid[:height, :width].astype(np.float32)
    centre_u, centre_v = rng.uniform(0, width), rng.uniform(0, height)
    radius = rng.uniform(0.03, 0.25) * max(height, width)
    glare = np.exp(-((u - centre_u) ** 2 + (v - centre_v) ** 2) / np.float32(2 * radius ** 2))
    glare = glare if image.ndim == 2 else glare[..., None]
    return np.clip(image + np.float32(strength) * glare, 0, 1)


def vignetted(image: np.ndarray, strength: float) -> np.ndarray:
    """Return the image darkened towards its corners, there by ``strength``."""
    height, width = image.shape[:2]
    v = (np.arange(height, dtype=np.float32) * 2 / height - 1)[:, None]
    u = (np.arange(width, dtype=np.float32) * 2 / width - 1)[None]
    return shaded(image, 1 - np.float32(strength / 2) * (u * u + v * v))


def defocused(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """Return the image blurred by a Gaussian."""
    return cv2.GaussianBlur(image, (0, 0), sigma_px)


def motion_blurred(image: np.ndarray, length_px: float, angle: float) -> np.ndarray:
    """Return the image blurred along a line of ``length_px`` at ``angle`` radians."""
    side = 2 * math.ceil(length_px / 2) + 1
    kernel, middle = np.zeros((side, side), np.float32), side // 2
    for step in np.linspace(-length_px / 2, length_px / 2, 4 * side):
        row = round(middle + step * math.sin(angle))
        column = round(middle + step * math.cos(angle))
        kernel[row, column] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def noisy(rng: np.random.Generator, image: np.ndarray, read: float,
          shot: float = 0.0) -> np.ndarray:
    """Return the image with sensor noise: variance read^2 + shot^2 * intensity, clipped."""
    deviation = np.sqrt(np.float32(read ** 2) + np.float32(shot ** 2) * image)
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image + deviation * grain, 0, 1)


def jpeg_compressed(image: np.ndarray, quality: float) -> np.ndarray:
    """Return the image after JPEG compression at a quality in [1, 100]."""
    coded = cv2.imencode('.jpg', to_bytes(image), (cv2.IMWRITE_JPEG_QUALITY, int(quality)))[1]
    return to_unit(np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)))


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Return uint8 of intensities in [0, 1]."""
    return np.round(image * 255).astype(np.uint8)


def to_unit(image: np.ndarray) -> np.ndarray:
    """Return float32 intensities in [0, 1] of uint8."""
    return image.astype(np.float32) / 255
