# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Procedural patterns that textures are made of: noise, grain, weave, print."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

_WORDS = ('map', 'pose', 'camera', 'north', 'harbour', 'garden', 'bridge', 'atlas', 'engine',
          'mountain', 'letters', 'history', 'river', 'optics', 'winter', 'field', 'voyage',
          'quartz', 'signal', 'lantern', 'violin', 'orchard', 'compass', 'marble')
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
          cv2.FONT_HERSHEY_COMPLEX)


def noise(generator: np.random.Generator, shape: tuple[int, int], coarsest: float,
          finest: float = 1, falloff: float = 0.5, stretch: float = 1.0) -> np.ndarray:
    """Return float32 noise of unit deviation, octaves from coarse to fine cells.

    Args:
        generator: numpy generator.
        shape: (height, width).
        coarsest, finest: cell sizes in pixels.
        falloff: amplitude of an octave next to that twice as coarse.
        stretch: how many times longer than high the cells are.
    """
    height, width = shape
    field = np.zeros(shape, np.float32)
    cell, amplitude = float(coarsest), 1.0
    while cell >= finest:
        rows = max(2, round(height / cell) + 1)
        columns = max(2, round(width / (cell * stretch)) + 1)
        grid = generator.standard_normal((rows, columns), np.float32)
        field += amplitude * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cell, amplitude = cell / 2, amplitude * falloff
    return (field - field.mean()) / (field.std() + 1e-9)


def coloured(colour: npt.ArrayLike, brightness: np.ndarray) -> np.ndarray:
    """Return a BGR uint8 image: a colour times a (height, width) brightness around 1."""
    return np.clip(np.multiply.outer(brightness, np.asarray(colour, np.float32)), 0, 255
                   ).astype(np.uint8)


def flat(generator: np.random.Generator, width: int, height: int, colour: npt.ArrayLike,
         roughness: float) -> np.ndarray:
    """Return a surface of one colour with noise of the given relative deviation."""
    return coloured(colour, 1 + roughness * noise(generator, (height, width), 64, 2, 0.7))


def wood(generator: np.random.Generator, width: int, height: int, colour: npt.ArrayLike,
         cell: int = 24) -> np.ndarray:
    """Return wood whose grain runs along the width."""
    warp = noise(generator, (height, width), 4 * cell, cell, 0.5, stretch=6)
    rings = np.sin(np.linspace(0, height / cell * 3, height, dtype=np.float32)[:, None] + 2 * warp)
    fibre = noise(generator, (height, width), cell / 4, 1, 0.8, stretch=16)
    return coloured(colour, 1 + 0.10 * rings + 0.07 * fibre + 0.06 * warp)


def word(generator: np.random.Generator) -> str:
    """Return one word."""
    return _WORDS[generator.integers(len(_WORDS))]


def print_line(image: np.ndarray, generator: np.random.Generator, text: str,
               start: tuple[float, float], height: float, colour: Sequence[float]) -> int:
    """Draw a line of text and return its width.

    Args:
        image: is drawn on.
        generator: numpy generator; chooses the font.
        start: (left, baseline) in pixels.
        height: of the letters, pixels.
    """
    font = _FONTS[generator.integers(len(_FONTS))]
    scale, thickness = height / 22, max(1, round(height / 11))
    cv2.putText(image, text, (round(start[0]), round(start[1])), font, scale, colour, thickness,
                cv2.LINE_AA)
    return cv2.getTextSize(text, font, scale, thickness)[0][0]


def print_page(generator: np.random.Generator, width: int, height: int,
               size: int = 14) -> np.ndarray:
    """Return a white sheet with a heading, paragraphs and a small diagram."""
    sheet = np.full((height, width, 3), 238, np.uint8)
    print_line(sheet, generator, word(generator).title(), (size, 2.5 * size), 1.6 * size,
               (40, 30, 90))
    diagram_top = generator.integers(int(0.3 * height), max(int(0.7 * height), 1) + 1)
    for baseline in range(5 * size, height - size, 2 * size):
        if diagram_top < baseline < diagram_top + 0.22 * height:
            continue
        left = size
        while left < width - 4 * size:
            left += print_line(sheet, generator, word(generator), (left, baseline), size,
                               (50, 50, 50)) + size
    for _ in range(4):
        centre = (int(generator.integers(width)), int(diagram_top + 0.11 * height))
        colour = tuple(int(c) for c in generator.integers(30, 220, 3))
        cv2.circle(sheet, centre, int(generator.integers(size, 3 * size)), colour, -1, cv2.LINE_AA)
    return sheet


def shapes(generator: np.random.Generator, image: np.ndarray, count: int, largest: float) -> None:
    """Scatter filled ellipses and rotated rectangles over an image, in place."""
    height, width = image.shape[:2]
    for _ in range(count):
        centre = (float(generator.uniform(0, width)), float(generator.uniform(0, height)))
        size = tuple(float(s) for s in largest / generator.uniform(1, 8, 2))
        box = (centre, size, float(generator.uniform(0, 180)))
        colour = tuple(int(c) for c in generator.integers(20, 235, 3))
        if generator.random() < 0.5:
            cv2.ellipse(image, box, colour, -1, cv2.LINE_AA)
        else:
            corners = np.round(cv2.boxPoints(box)).astype(np.int32)
            cv2.fillConvexPoly(image, corners, colour, cv2.LINE_AA)
