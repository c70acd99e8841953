# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries of maps of key frames: what their cells and summaries say of an image."""

from __future__ import annotations

import numpy as np
import torch

from scene_reloc_ros.features.cell_grid import CellGrid, mutual_of
from scene_reloc_ros.features.projection import from_codes, Projection
from scene_reloc_ros.geometry.pixels import cell_count
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.key_frames import KeyFrame, KeyFrames
from scene_reloc_ros.methods.method import (
    checked_encoder,
    Correspondences,
    encoded,
    encoder_key,
    QueryImage,
    rays_of,
    Regressed,
    Resemblance,
)
from scene_reloc_ros.network.weights import load_encoder, LoadedEncoder

LOOKED_AT = 2  # key frames that tell whether an image shows a map at all, count


class CellEncoder:
    """From a working image to its grid of descriptors."""

    def __init__(self, encoder: LoadedEncoder, device: torch.device) -> None:
        """Take a loaded network."""
        self._encoder, self._device = encoder, device

    def __call__(self, grey: np.ndarray) -> torch.Tensor:
        """Return the descriptors (R * C, E) float32 of an image's cells, on the CPU."""
        return _rows(encoded(self._encoder, grey, self._device))

    def grid(self, grey: np.ndarray, projection: Projection) -> CellGrid:
        """Return the CellGrid of an image in the short descriptors of a map."""
        return self._laid_out(self(grey), grey, projection)

    def grid_of(self, image: QueryImage, key: tuple[str, ...], projection: Projection) -> CellGrid:
        """Return the CellGrid of a query; other maps of the encoder ``key`` share its work."""
        descriptors = image.described.once(('rows', *key), lambda: _rows(image.described.once(
            key, lambda: encoded(self._encoder, image.grey, self._device))))
        return self._laid_out(descriptors, image.grey, projection)

    def _laid_out(self, descriptors: torch.Tensor, grey: np.ndarray,
                  projection: Projection) -> CellGrid:
        stride = self._encoder.stride
        rows, columns = (cell_count(n, stride) for n in grey.shape)
        return CellGrid(projection(descriptors), rows, columns, stride)


def _rows(descriptors: torch.Tensor) -> torch.Tensor:
    """Return descriptors (E, R, C) as (R * C, E) float32 on the CPU."""
    return descriptors.float().flatten(1).T.cpu().contiguous().clone()


class CellsObserver:
    """Matches of a query with the key frames most like it."""

    least = 30  # matches
    tolerance = 0.6  # a cell's peak is found to about two pixels
    observes_depth = False

    def __init__(self, scene_map: SceneMap, device: torch.device) -> None:
        """Load the network; ValueError where the map was made with another encoder."""
        self.map, self.key_frames = scene_map, KeyFrames.read(scene_map.content, scene_map.views)
        self.encode = CellEncoder(load_encoder(checked_encoder(scene_map), device), device)
        self._encoder = encoder_key(scene_map, device)
        self._retrieved = int(scene_map.metadata['options']['retrieved'])
        self._similarity = float(scene_map.metadata['options']['similarity'])

    def observe(self, image: QueryImage) -> Correspondences:
        """Return the matches of an image, see ``Observer``."""
        grid, summary = self._look(image)
        chosen = self.key_frames.similar(summary, self._retrieved)[1].tolist()
        frames = [self.key_frames.frames[number] for number in chosen]
        pixels, points = match_key_frames(grid, frames, self._similarity)
        rays = rays_of(pixels, image.camera, self.map.camera, self.map.correction)
        return Correspondences(pixels, rays, points, sparse=True)

    def resemblance(self, image: QueryImage) -> Resemblance | None:
        """Return how many cells a key frame has in common with an image, see ``Recognising``."""
        grid, summary = self._look(image)
        candidates = grid.descriptors[grid.coarse].T.contiguous()
        numbers = self.key_frames.similar(summary, LOOKED_AT)[1].tolist()
        matched = [mutual_of(from_codes(self.key_frames.frames[number].codes) @ candidates,
                             self._similarity)[0] for number in numbers]
        return Resemblance('cells', max(map(len, matched)))

    def _look(self, image: QueryImage) -> tuple[CellGrid, torch.Tensor]:
        """Return the grid of an image and its summary, made once for each image."""
        def look() -> tuple[CellGrid, torch.Tensor]:
            grid = self.encode.grid_of(image, self._encoder,
                                       self.key_frames.vocabulary.projection)
            return grid, self.key_frames.vocabulary.summary(grid.descriptors)
        return image.described.once(('grid', id(self)), look)


def match_key_frames(grid: CellGrid, frames: list[KeyFrame], similarity: float,
                     ) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pixels (K, 2) of a query's grid, and the points (K, 3) of key frames seen there.

    A point and a coarse cell that are each other's nearest, within one key frame, are a match;
    its pixel is then found among the neighbours of the cell, and between them.
    """
    coarse = grid.coarse
    candidates = grid.descriptors[coarse].T.contiguous()
    wanted, cells, points = [], [], []
    for frame in frames:
        descriptors = from_codes(frame.codes)
        number, column = mutual_of(descriptors @ candidates, similarity)
        wanted.append(descriptors[number])
        cells.append(coarse[column])
        points.append(frame.points[number])
    _, pixels, _ = grid.refined(torch.cat(wanted), torch.cat(cells))
    return pixels, torch.cat(points)


class RetrievalObserver(CellsObserver):
    """The pose of the key frame most like the query."""

    least = 0

    def observe(self, image: QueryImage) -> Regressed:  # type: ignore[override]
        """Return the pose of the nearest view, see ``Observer``."""
        _, summary = self._look(image)
        values, numbers = self.key_frames.similar(summary, 1)
        pose = self.key_frames.frames[int(numbers[0])].map_from_cam
        return Regressed(pose.double(), 0.3, 0.25, float(values[0]))

    def resemblance(self, image: QueryImage) -> Resemblance | None:
        """Know nothing: its key frames may have no points."""
        return None
