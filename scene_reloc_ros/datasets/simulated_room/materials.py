# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What surfaces are covered with: one function a material, each paints a texture of given size."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from scene_reloc_ros.datasets.simulated_room import patterns
from scene_reloc_ros.datasets.simulated_room.photographs import fitted, tiled

_PLAIN = {  # material -> (BGR colour, relative roughness)
    'blank': ((196, 203, 206), 0.004), 'paint': ((178, 200, 205), 0.02),
    'white': ((215, 218, 218), 0.02), 'black': ((38, 36, 35), 0.10),
    'metal': ((150, 148, 145), 0.05), 'blue': ((140, 85, 45), 0.08),
    'red': ((50, 50, 160), 0.08), 'green': ((70, 120, 70), 0.10)}
_WOODS = {'oak': (110, 155, 190), 'walnut': (55, 80, 110), 'beech': (140, 180, 205)}
_PLANK_HEIGHT_M, _PLANK_LENGTH_M = 0.13, 1.1
_CEILING_TILE_M, _BRICK_TILE_M, _GRAVEL_TILE_M = 0.6, 1.3, 0.9
_LAMP_COLOUR = (235, 245, 250)
LUMINOUS = ('screen', 'window', 'lamp')


def paint(material: str, width_m: float, height_m: float, density: float,
          generator: np.random.Generator) -> np.ndarray:
    """Return the texture of a surface as uint8 BGR.

    Args:
        material: 'name' or 'name:photograph'.
        width_m, height_m: size of the surface in metres.
        density: texels per metre.
        generator: numpy generator; equal ones give equal textures.
    """
    name, _, photo = material.partition(':')
    width, height = (max(8, round(size * density)) for size in (width_m, height_m))
    if name in _PLAIN:
        return patterns.flat(generator, width, height, *_PLAIN[name])
    if name in _WOODS:
        return patterns.wood(generator, width, height, _WOODS[name])
    if photo:
        return _PAINTERS[name](generator, width, height, density, photo)
    return _PAINTERS[name](generator, width, height, density)


def _planks(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    image = patterns.wood(generator, width, height, (95, 135, 165)).astype(np.float32)
    step, length = round(_PLANK_HEIGHT_M * density), round(_PLANK_LENGTH_M * density)
    for top in range(0, height, step):
        for left in range(-int(generator.integers(length)), width, length):
            board = image[top:top + step, max(left, 0):max(left + length, 0)]
            board *= generator.uniform(0.75, 1.15, 3) * 0.3 + generator.uniform(0.5, 0.85)
            board[:2] *= 0.45
            board[:, :2] *= 0.45
    return np.clip(image, 0, 255).astype(np.uint8)


def _brick(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    upright = tiled('brick', height, width, round(_BRICK_TILE_M * density))
    wall = upright.transpose(1, 0, 2).astype(np.float32)  # the photograph's bricks stand on end
    stain = 1 + 0.10 * patterns.noise(generator, (height, width), 0.8 * density, 4, 0.6)
    return np.clip(wall * stain[..., None] * (0.75, 0.88, 1.1), 0, 255).astype(np.uint8)


def _gravel(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    del generator
    return tiled('gravel', width, height, round(_GRAVEL_TILE_M * density))


def _grass(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    del generator
    blades = tiled('grass', width, height, round(_GRAVEL_TILE_M * density)).astype(np.float32)
    return np.clip(blades * (0.6, 1.0, 0.7), 0, 255).astype(np.uint8)


def _wallpaper(generator: np.random.Generator, width: int, height: int,
               density: float) -> np.ndarray:
    image = patterns.flat(generator, width, height, (150, 185, 170), 0.03)
    step = round(0.22 * density)
    motif = np.zeros((step, step, 3), np.uint8)
    patterns.shapes(generator, motif, 7, 0.35 * step)
    for row, top in enumerate(range(0, height - step, step)):
        for left in range((row % 2) * step // 2, width - step, step):
            patch = image[top:top + step, left:left + step]
            fade = 0.15 + 0.35 * generator.random()
            drawn = motif.any(-1, keepdims=True)
            patch[:] = np.where(drawn, patch * (1 - fade) + motif * fade, patch)
    return image


def _ceiling(generator: np.random.Generator, width: int, height: int,
             density: float) -> np.ndarray:
    image = patterns.flat(generator, width, height, (205, 208, 208), 0.02)
    step = round(_CEILING_TILE_M * density)
    specks = generator.random((height, width), np.float32) < 0.006
    image[cv2.dilate(specks.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0] = 130
    for at in range(0, max(width, height), step):
        image[at:at + 4] = 120
        image[:, at:at + 4] = 120
    return image


def _books(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    image = np.full((height, width, 3), 25, np.uint8)
    left = 0
    while left < width - 6:
        thick = int(generator.uniform(0.018, 0.05) * density)
        tall = int(height * generator.uniform(0.72, 1.0))
        colour = generator.integers(30, 220, 3)
        spine = patterns.flat(generator, tall, max(thick, 6), colour, 0.06)
        for band in generator.uniform(0.05, 0.95, 2):
            spine[:, int(band * tall):int(band * tall) + 3] = 255 - colour
        ink = (235, 235, 235) if colour.mean() < 120 else (20, 20, 20)
        title = f'{patterns.word(generator)} {patterns.word(generator)}'
        patterns.print_line(spine, generator, title, (0.1 * tall, 0.72 * spine.shape[0]),
                            0.42 * spine.shape[0], ink)
        upright = cv2.rotate(spine, cv2.ROTATE_90_CLOCKWISE)[:, :width - left]
        image[height - tall:, left:left + upright.shape[1]] = upright
        left += thick + 1
    return image


def _carton(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    image = patterns.flat(generator, width, height, (95, 140, 175), 0.05)
    tape = round(0.05 * density)
    image[:, width // 2 - tape // 2:width // 2 + tape // 2] = (110, 165, 195)
    label_w, label_h = round(0.45 * width), round(0.35 * height)
    left, top = int(generator.integers(width - label_w)), int(generator.integers(height - label_h))
    image[top:top + label_h, left:left + label_w] = patterns.print_page(
        generator, label_w, label_h, max(6, label_h // 12))
    patterns.print_line(image, generator, patterns.word(generator).upper(),
                        (0.06 * width, 0.94 * height), 0.10 * height, (40, 50, 60))
    return image


def _poster(generator: np.random.Generator, width: int, height: int, density: float,
            photo: str) -> np.ndarray:
    image = np.full((height, width, 3), 230, np.uint8)
    margin, foot = round(0.05 * width), round(0.16 * height)
    image[margin:height - foot, margin:width - margin] = fitted(
        photo, width - 2 * margin, height - foot - margin)
    patterns.print_line(image, generator, f'{photo} {patterns.word(generator)}',
                        (margin, height - 0.45 * foot), 0.3 * foot, (40, 40, 120))
    patterns.print_line(image, generator, f'{patterns.word(generator)} {patterns.word(generator)}',
                        (margin, height - 0.15 * foot), 0.15 * foot, (60, 60, 60))
    return image


def _photo(generator: np.random.Generator, width: int, height: int, density: float,
           photo: str) -> np.ndarray:
    del generator, density
    return fitted(photo, width, height)


def _noticeboard(generator: np.random.Generator, width: int, height: int,
                 density: float) -> np.ndarray:
    image = patterns.flat(generator, width, height, (90, 135, 175), 0.14)
    for left in range(round(0.03 * width), width, round(0.17 * density)):
        for top in range(round(0.05 * height), height, round(0.25 * density)):
            paper_h, paper_w = round(0.21 * density), round(0.148 * density)
            top += int(generator.integers(-8, 9))
            sheet = (patterns.print_page(generator, paper_w, paper_h, 7)
                     if generator.random() < 0.6 else
                     fitted(('text', 'coins', 'retina', 'tissue')[generator.integers(4)],
                            paper_w, paper_h))
            top = min(max(top, 0), height - paper_h)
            area = image[top:top + paper_h, left:left + paper_w]
            area[:] = sheet[:, :area.shape[1]]
    return image


def _rug(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    quarter = patterns.flat(generator, width // 2 + 1, height // 2 + 1, (60, 60, 130), 0.05)
    patterns.shapes(generator, quarter, 60, 0.45 * density)
    patterns.shapes(generator, quarter, 150, 0.12 * density)
    half = np.hstack((quarter, quarter[:, ::-1]))
    whole = np.vstack((half, half[::-1]))[:height, :width].astype(np.float32)
    pile = 1 + 0.12 * patterns.noise(generator, (height, width), 8, 1, 0.9)
    pile += 0.05 * patterns.noise(generator, (height, width), density, 16, 0.5)
    return np.clip(0.75 * whole * pile[..., None], 0, 255).astype(np.uint8)


def _fabric(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    v, u = np.mgrid[:height, :width].astype(np.float32)
    weave = 0.06 * (np.sin(u * 1.1) * np.sin(v * 1.1))
    stripes = 0.15 * np.sign(np.sin(u * (6.283 / (0.11 * density))))
    return patterns.coloured((120, 95, 70), 1 + weave + stripes + 0.08 * patterns.noise(
        generator, (height, width), 48, 2, 0.7))


def _cupboard(generator: np.random.Generator, width: int, height: int,
              density: float) -> np.ndarray:
    image = patterns.wood(generator, height, width, _WOODS['oak']).transpose(1, 0, 2).copy()
    doors = max(1, round(width / density / 0.5))
    for door in range(doors):
        left, right = door * width // doors, (door + 1) * width // doors
        cv2.rectangle(image, (left + 2, 2), (right - 3, height - 3), (45, 65, 85), 3)
        inset = round(0.06 * density)
        cv2.rectangle(image, (left + inset, inset), (right - inset, height - inset),
                      (80, 115, 140), 2)
        handle = right - inset if door % 2 == 0 else left + inset
        cv2.rectangle(image, (handle - 5, height // 2 - 25), (handle + 5, height // 2 + 25),
                      (190, 190, 190), -1)
    return image


def _screen(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    image = np.full((height, width, 3), (50, 35, 30), np.uint8)
    size = max(5, round(0.012 * density))
    for baseline in range(2 * size, height, 2 * size):
        left = size * (2 + 2 * int(generator.integers(5)))
        for _ in range(generator.integers(0, 5)):
            ink = tuple(int(c) for c in generator.integers(110, 250, 3))
            left += patterns.print_line(image, generator, patterns.word(generator),
                                        (left, baseline), size, ink) + size
    return image


def _keyboard(generator: np.random.Generator, width: int, height: int,
              density: float) -> np.ndarray:
    image = np.full((height, width, 3), 45, np.uint8)
    step = max(6, round(0.02 * density))
    for top in range(3, height - step, step):
        for left in range(3, width - step, step):
            shade = int(generator.integers(85, 125))
            image[top:top + step - 3, left:left + step - 3] = shade
    return image


def _window(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    del generator
    image = fitted('motorcycle', width, height)
    image = cv2.convertScaleAbs(image, alpha=0.8, beta=60)
    bar = round(0.05 * density)
    for at in (0, (width - bar) // 2, width - bar):
        image[:, at:at + bar] = 225
    for at in (0, (height - bar) // 2, height - bar):
        image[at:at + bar] = 225
    return image


def _lamp(generator: np.random.Generator, width: int, height: int, density: float) -> np.ndarray:
    del generator, density
    return np.full((height, width, 3), _LAMP_COLOUR, np.uint8)


_PAINTERS: dict[str, Callable[..., np.ndarray]] = {
    'planks': _planks, 'brick': _brick, 'gravel': _gravel, 'grass': _grass,
    'wallpaper': _wallpaper, 'ceiling': _ceiling, 'books': _books, 'carton': _carton,
    'poster': _poster, 'photo': _photo, 'noticeboard': _noticeboard, 'rug': _rug,
    'fabric': _fabric, 'cupboard': _cupboard, 'screen': _screen, 'keyboard': _keyboard,
    'window': _window, 'lamp': _lamp}
