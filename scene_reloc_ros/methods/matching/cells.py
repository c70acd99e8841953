# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``cells``: the encoder's own cells of key frames, matched; nothing is trained on the place.

The published idea is SANet's (Yang et al., ICCV 2019): scene coordinates of retrieved frames,
carried over to the query by matching. Our parts: the encoder's descriptors, mutual neighbours,
the robust solver. ``reference`` matches one key frame only (map-free relocalisation: Arnold et
al., ECCV 2022), ``retrieval`` none: the pose of the most similar one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from scene_reloc_ros.features.cell_grid import CellGrid
from scene_reloc_ros.features.projection import Projection
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import fewer_than, MappingProgress, Pace
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.cell_queries import (
    CellEncoder,
    CellsObserver,
    RetrievalObserver,
)
from scene_reloc_ros.methods.matching.cell_tracks import (
    calibrate,
    CellView,
    measured_points,
    points_of,
)
from scene_reloc_ros.methods.matching.key_frame_maps import (
    effort,
    KeyFrameMap,
    KeyFrameOptions,
    ViewPoints,
)
from scene_reloc_ros.methods.matching.views import Neighbours
from scene_reloc_ros.methods.method import Needs
from scene_reloc_ros.network.weights import DEFAULT_ENCODER, load_encoder


@dataclass(frozen=True)
class CellsOptions(KeyFrameOptions):
    """How a map of key frames is made and read."""

    method: ClassVar[str] = 'cells'
    encoder: str = DEFAULT_ENCODER  # name of the weights
    similarity: float = 0.6  # least of a match, cosine


@dataclass(frozen=True)
class ReferenceOptions(CellsOptions):
    """How a map is made whose queries are matched with one key frame."""

    method: ClassVar[str] = 'reference'
    retrieved: int = 1  # key frames that a query is matched with, count


@dataclass(frozen=True)
class RetrievalOptions(CellsOptions):
    """How a map is made whose answers are poses of key frames."""

    method: ClassVar[str] = 'retrieval'
    depth: bool = False  # no points are needed
    points: int = 0  # of a key frame that are kept, count


class Cells(KeyFrameMap[CellGrid]):
    """Key frames of a place: their cells, their summaries."""

    name: ClassVar[str] = 'cells'
    family: ClassVar[str] = 'matches'
    presets: ClassVar[dict[str, CellsOptions]] = effort(CellsOptions)
    observer: ClassVar[type] = CellsObserver

    def __init__(self, options: CellsOptions, device: torch.device) -> None:
        """Load the encoder; ValueError where it is missing."""
        super().__init__(options, options.encoder)
        self._encode = CellEncoder(load_encoder(options.encoder, device), device)

    def _descriptors(self, grey: np.ndarray) -> torch.Tensor:
        return self._encode(grey)

    def _described(self, grey: np.ndarray,
                   projection: Projection) -> tuple[CellGrid, torch.Tensor]:
        grid = self._encode.grid(grey, projection)
        return grid, grid.pixels(torch.arange(len(grid.descriptors)))

    def _points(self, views: list[CellView], generators: MappingGenerators,
                progress: MappingProgress) -> ViewPoints:
        count = self._options.points
        correction, depth, figures = calibrate(views, generators.pairs, count > 0)
        neighbours = Neighbours(views, generators.augmentation)
        points, cells = [], []
        pace = Pace(len(views), progress.deadline)
        for number, view in enumerate(views):
            # one that there is no time to follow has the points that its depth tells
            found = points_of(view, [views[i] for i in neighbours.of(number)], count, correction,
                              depth, generators.augmentation) if pace.takes(
                number) else measured_points(view, count, correction, depth)
            points.append(found[0])
            cells.append(found[1])
            progress('lifting', (number + 1) / len(views), f'{number + 1} of {len(views)} frames')
        return ViewPoints(correction, depth, figures, points, cells,
                          fewer_than(len(views), pace.done, 'key frames followed into others'))

    def _measured(self, view: CellView,
                  scene_map: SceneMap) -> tuple[torch.Tensor, torch.Tensor]:
        return measured_points(view, self._options.points, scene_map.correction, scene_map.depth)


class QuickCells(Cells):
    """The same where there is no time to learn the camera: its calibration is taken as right.

    Points are measured where there is depth, and triangulated only where there is none.
    """

    def _points(self, views: list[CellView], generators: MappingGenerators,
                progress: MappingProgress) -> ViewPoints:
        count, rng = self._options.points, generators.augmentation
        correction, depth, _ = calibrate(views, generators.pairs, points=False)
        neighbours = None if depth else Neighbours(views, rng)
        found = []
        for number, view in enumerate(views):
            progress('lifting', number / len(views), f'{number} of {len(views)} frames')
            found.append(measured_points(view, count, correction, depth) if neighbours is None
                         else points_of(view, [views[i] for i in neighbours.of(number)], count,
                                        correction, depth, rng))
        points, cells = ([one[part] for one in found] for part in (0, 1))
        return ViewPoints(correction, depth, None, points, cells)


class Reference(Cells):
    """A map whose queries are matched with the one key frame most like them."""

    name: ClassVar[str] = 'reference'
    needs: ClassVar[Needs] = Needs(frames=1)
    presets: ClassVar[dict[str, CellsOptions]] = effort(ReferenceOptions)


class Retrieval(Cells):
    """A map whose answers are the poses of key frames: the floor of all methods."""

    name: ClassVar[str] = 'retrieval'
    family: ClassVar[str] = 'regressed'
    presets: ClassVar[dict[str, CellsOptions]] = effort(RetrievalOptions)
    observer: ClassVar[type] = RetrievalObserver
