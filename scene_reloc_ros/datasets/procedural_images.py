# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Procedural training images: nobody's photographs, any number of them, from a seed.

Dead leaves (Lee, Mumford, Huang, 2001): overlapping textured shapes whose sizes follow a
heavy-tailed law, so that edges and corners occur at every scale, as in natural images.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from scene_reloc_ros.datasets.camera_effects import noise_texture

_LETTERS = 'ABCDEFGHKLMNPRSTUVXYZabcdefghkmnprstuvxyz0123456789&%?#'


def _stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    v, u = np.mgrid[:height, :width].astype(np.float32)
    angle, period = rng.uniform(0, math.pi), rng.uniform(4, 40)
    wave = np.sin((u * math.cos(angle) + v * math.sin(angle)) * 2 * math.pi / period)
    return (wave > 0).astype(np.float32) if rng.random() < 0.5 else (wave + 1) / 2


def _checks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    v, u = np.mgrid[:height, :width].astype(np.float32)
    angle, period = rng.uniform(0, math.pi), rng.uniform(8, 50)
    a = np.floor((u * math.cos(angle) + v * math.sin(angle)) / period)
    b = np.floor((v * math.cos(angle) - u * math.sin(angle)) / period)
    return ((a + b) % 2).astype(np.float32)


def _gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    v, u = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, 2 * math.pi)
    ramp = u * math.cos(angle) + v * math.sin(angle)
    return (ramp - ramp.min()) / (np.ptp(ramp) + 1e-9)


def random_texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return one texture in [0, 1]: noise, stripes, checks, a gradient or a flat grey."""
    kind = rng.random()
    if kind < 0.45:
        pattern = noise_texture(rng, height, width, rng.uniform(0.6, 1.8))
    elif kind < 0.60:
        pattern = _stripes(rng, height, width)
    elif kind < 0.70:
        pattern = _checks(rng, height, width)
    elif kind < 0.85:
        pattern = _gradient(rng, height, width)
    else:
        pattern = np.full((height, width), rng.random(), np.float32)
    low, high = np.sort(rng.random(2))
    return (low + (high - low) * pattern).astype(np.float32)


def _shape_mask(rng: np.random.Generator, height: int, width: int, radius: float) -> np.ndarray:
    """Return a mask (height, width) uint8 of one ellipse, polygon, bar or ring."""
    mask = np.zeros((height, width), np.uint8)
    centre = rng.uniform((0, 0), (width, height))
    kind = rng.random()
    if kind < 0.3:
        axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.3, 1))))
        cv2.ellipse(mask, (int(centre[0]), int(centre[1])), axes, rng.uniform(0, 180), 0, 360, 1,
                    -1 if rng.random() < 0.8 else max(1, int(radius / 4)))
        return mask
    corners = 4 if kind < 0.7 else int(rng.integers(3, 8))
    angles = np.sort(rng.uniform(0, 2 * math.pi, corners))
    if corners == 4:  # boxes are what rooms are made of
        angles = rng.uniform(0, math.pi) + np.array([0, 1, 2, 3]) * math.pi / 2
    points = centre + radius * np.stack((np.cos(angles), np.sin(angles)), 1)
    if corners == 4:
        squeeze = rng.uniform(0.15, 1)
        axis = np.array((math.cos(angles[0] + math.pi / 4), math.sin(angles[0] + math.pi / 4)))
        along = ((points - centre) @ axis)[:, None] * axis
        points = centre + along + squeeze * (points - centre - along)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask


def _draw_text(rng: np.random.Generator, image: np.ndarray) -> None:
    text = ''.join(rng.choice(list(_LETTERS), int(rng.integers(2, 12))))
    scale = float(np.exp(rng.uniform(math.log(0.35), math.log(3))))
    origin = (int(rng.uniform(0, image.shape[1] * 0.8)), int(rng.uniform(10, image.shape[0])))
    ink = np.zeros(image.shape, np.uint8)
    cv2.putText(ink, text, origin, int(rng.integers(0, 8)), scale, 255,
                max(1, int(scale * rng.uniform(0.8, 2.5))), cv2.LINE_AA)
    image += (ink / np.float32(255)) * (rng.random(dtype=np.float32) - image)


def procedural_image(rng: np.random.Generator, height: int = 480, width: int = 640,
                     shapes: int = 220) -> np.ndarray:
    """Return one procedural grey image (height, width) uint8.

    Args:
        rng: numpy generator; the same state gives the same image.
        height, width: pixels.
        shapes: how many leaves fall.
    """
    image = random_texture(rng, height, width)
    pool = [random_texture(rng, height, width) for _ in range(10)]
    smallest, largest = 4.0, 0.35 * width
    for _ in range(shapes):
        # p(r) ~ r^-2 between the bounds, drawn by inverting its distribution function
        u = rng.random()
        radius = 1 / (1 / smallest - u * (1 / smallest - 1 / largest))
        mask = _shape_mask(rng, height, width, radius).astype(bool)
        texture = pool[int(rng.integers(len(pool)))]
        if rng.random() < 0.35:
            image[mask] = rng.random()
        else:
            gain, shift = rng.uniform(0.4, 1.2), rng.uniform(-0.3, 0.3)
            image[mask] = texture[mask] * gain + shift
        if rng.random() < 0.08:
            _draw_text(rng, image)
    image = np.clip(image, 0, 1)
    if rng.random() < 0.7:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
    return np.round(image * 255).astype(np.uint8)
