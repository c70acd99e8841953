# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries of a map of forests: which one an image goes down, and the content of the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import resized_coordinate
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.coordinates.forest.correspondences import correspondences
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests
from scene_reloc_ros.methods.coordinates.forest.trees import Forest
from scene_reloc_ros.methods.method import Correspondences, QueryImage, rays_of

_KINDS = 'scaled', 'fixed'


@dataclass(frozen=True)
class Forests:
    """A forest for images with depth, whose tests scale with it, and one for images without."""

    scaled: tuple[PixelTests, Forest]
    fixed: tuple[PixelTests, Forest]

    def content(self) -> MapContent:
        """Return them as the content of a map."""
        tensors = {f'{kind}.{key}': value for kind in _KINDS for part in getattr(self, kind)
                   for key, value in part.tensors().items()}
        return MapContent('forest', tensors)

    @classmethod
    def read(cls, content: MapContent) -> Forests:
        """Return the forests of a map's content; ValueError where a part is missing."""
        try:
            return cls(*(_read(content, f'{kind}.') for kind in _KINDS))
        except KeyError as error:
            raise ValueError(f'the map lacks a part of its forests ({error}); map again'
                             ) from error


class ForestObserver:
    """Points that the trees give to pixels on a grid."""

    least = 100  # points of all trees together
    tolerance = 1.0
    observes_depth = True

    def __init__(self, scene_map: SceneMap, device: torch.device) -> None:
        """Take the forests of a map; ValueError where a part is missing."""
        self._map, self._device = scene_map, device
        self._forests = Forests.read(scene_map.content)
        self._count = int(scene_map.metadata['options']['pixels'])

    def observe(self, image: QueryImage) -> Correspondences:
        """Return the points of an image's pixels, see ``Observer``.

        An image whose depth is hardly known anywhere is taken for one without.
        """
        pixels = pixel_grid(image.source, self._count)
        found = None
        if image.depth_m is not None:
            found = self._points(image, pixels, image.depth_m)
        if found is None or len(found.points) < self.least:
            found = self._points(image, pixels, None)
        return found

    def _points(self, image: QueryImage, pixels: np.ndarray,
                depth_m: np.ndarray | None) -> Correspondences:
        tests, forest = self._forests.fixed if depth_m is None else self._forests.scaled
        rows, *leaves = correspondences(forest, tests, image.image, depth_m, image.source, pixels)
        shrunk = image.camera.height / image.source.height
        seen = torch.from_numpy(resized_coordinate(pixels[rows], shrunk)).float()
        rays = rays_of(seen, image.camera, self._map.camera, self._map.correction)
        points, weights = (torch.from_numpy(part).to(self._device) for part in leaves)
        return Correspondences(seen, rays.to(self._device), points, weights, sparse=True)


def pixel_grid(camera: Camera, count: int) -> np.ndarray:
    """Return about ``count`` pixels (N, 2) int of a camera's image, evenly spaced."""
    spacing = max(1.0, (camera.width * camera.height / count) ** 0.5)
    columns, rows = (np.arange(spacing / 2, size, spacing).astype(int)
                     for size in (camera.width, camera.height))
    return np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)


def _read(content: MapContent, prefix: str) -> tuple[PixelTests, Forest]:
    tensors = {key.removeprefix(prefix): value for key, value in content.tensors.items()
               if key.startswith(prefix)}
    return PixelTests.from_tensors(tensors), Forest.from_tensors(tensors)
