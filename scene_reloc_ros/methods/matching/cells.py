# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``cells``: the encoder's own cells of key frames, matched; nothing is trained on the place.

The published idea is SANet's (Yang et al., ICCV 2019): scene coordinates of retrieved frames,
carried over to the query by matching. Our parts: the encoder's descriptors, mutual neighbours,
the robust solver. ``reference`` matches one key frame only (map-free relocalisation: Arnold et
al., ECCV 2022), ``retrieval`` none: the pose of the most similar one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from scene_reloc_ros.features.cell_grid import CellGrid
from scene_reloc_ros.features.projection import to_codes
from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import FrameSubset, PosedFrames
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.cell_queries import (
    CellEncoder,
    CellsObserver,
    RetrievalObserver,
)
from scene_reloc_ros.methods.matching.cell_tracks import (
    calibrate,
    measured_points,
    points_of,
    View,
)
from scene_reloc_ros.methods.matching.key_frames import KeyFrame, KeyFrames, Vocabulary
from scene_reloc_ros.methods.method import Fitted, Needs
from scene_reloc_ros.network.preprocessing import working_frame, WORKING_HEIGHT
from scene_reloc_ros.network.weights import DEFAULT_ENCODER, load_encoder

STAGE = 'encoding'
_VOCABULARY_FRAMES = 24  # that a vocabulary is fitted to, count
_ENCODING_SHARE = 0.5  # of the time that is left when a vocabulary is there
_CLOUD_POINTS = 4000  # scene points kept for people to look at


@dataclass(frozen=True)
class CellsOptions:
    """How a map of key frames is made and read."""

    method: ClassVar[str] = 'cells'
    encoder: str = DEFAULT_ENCODER  # name of the weights
    depth: bool = True  # use the depth of the frames where they have it
    novelty: float = 0.08  # of a key frame from all before it; one is half a metre or radian
    cells: int = 600  # of a key frame that are kept, count
    dimensions: int = 64  # of a kept descriptor, count
    retrieved: int = 10  # key frames that a query is matched with, count
    similarity: float = 0.6  # least of a match, cosine
    minutes: float = 30.0  # bound on the whole mapping, minutes
    self_check: int = 24  # mapping frames localised where none can be held out, count


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
    cells: int = 0  # of a key frame that are kept, count


def _presets(options: type[CellsOptions]) -> dict[str, CellsOptions]:
    """Return the options of each preset; more frames and minutes, the same method."""
    return {'fast': options(novelty=0.15, minutes=1.0), 'standard': options(minutes=4.0),
            'best': options(novelty=0.05)}


class Cells:
    """Key frames of a place: their cells, their summaries."""

    name: ClassVar[str] = 'cells'
    family: ClassVar[str] = 'matches'
    needs: ClassVar[Needs] = Needs()
    grows: ClassVar[bool] = True
    presets: ClassVar[dict[str, CellsOptions]] = _presets(CellsOptions)
    observer: ClassVar[type] = CellsObserver

    def __init__(self, options: CellsOptions, device: torch.device) -> None:
        """Load the encoder; ValueError where it is missing."""
        self._options = options
        self._encode = CellEncoder(load_encoder(options.encoder, device), device)

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return the key frames and what they tell of the camera, see ``LocalisationMethod``."""
        chosen = novel_views(invert_pose(mapping_poses(frames)), self._options.novelty)
        stage = Deadline()
        vocabulary, encoded = self._vocabulary(FrameSubset(frames, chosen), generators)
        chosen = _affordable(chosen, stage.elapsed_s / encoded, progress.deadline)
        views = list(self._views(FrameSubset(frames, chosen), vocabulary, progress))
        vocabulary = vocabulary.whitened(torch.stack([view.summary for view in views]))
        views = [replace(view, summary=vocabulary.whiten(view.summary)) for view in views]
        correction, depth, figures = calibrate(views, generators.pairs, self._options.cells > 0)
        key_frames = KeyFrames(vocabulary)
        for frame in self._key_frames(views, correction, depth, generators, progress):
            key_frames.add(frame)
        points = torch.cat([frame.points for frame in key_frames.frames])
        cloud = points[torch.linspace(0, len(points) - 1, min(_CLOUD_POINTS, len(points))).long()]
        return Fitted(
            key_frames.content(self.name), key_frames.poses(), cloud, self._options.encoder,
            correction, depth, metadata={'key_frames': len(chosen), 'cells': len(points),
                                         'lens': None, 'camera_fit': figures})

    def add(self, scene_map: SceneMap, frames: PosedFrames, progress: MappingProgress) -> SceneMap:
        """Return the map with those of the frames that it has seen nothing like."""
        key_frames = KeyFrames.read(scene_map.content, scene_map.views)
        poses = invert_pose(mapping_poses(frames))
        chosen = novel_views(poses, self._options.novelty, scene_map.views.double())
        if not chosen or not (self._options.cells == 0 or scene_map.depth is not None):
            return scene_map
        views = self._views(FrameSubset(frames, chosen), key_frames.vocabulary, progress)
        for view in views:
            view = replace(view, summary=key_frames.vocabulary.whiten(view.summary))
            points, cells = measured_points(view, self._options.cells, scene_map.correction,
                                            scene_map.depth)
            key_frames.add(_key_frame(view, points, cells))
        return replace(scene_map, content=key_frames.content(self.name), views=key_frames.poses())

    def _vocabulary(self, frames: PosedFrames,
                    generators: MappingGenerators) -> tuple[Vocabulary, int]:
        """Return the Vocabulary of some frames, and how many they were."""
        numbers = np.unique(np.linspace(0, len(frames) - 1, _VOCABULARY_FRAMES).astype(int))
        images = [self._encode(working_frame(frames[int(number)])[0]) for number in numbers]
        return Vocabulary.fit(images, self._options.dimensions, generators.head), len(images)

    def _views(self, frames: PosedFrames, vocabulary: Vocabulary,
               progress: MappingProgress) -> Iterator[View]:
        """Yield what the key frames show, in short descriptors."""
        for number in range(len(frames)):
            frame = frames[number]
            grey, camera = working_frame(frame)
            grid = self._encode.grid(grey, vocabulary.projection)
            yield View(torch.from_numpy(np.asarray(frame.map_from_cam)).double(), grid, camera,
                       vocabulary.raw_summary(grid.descriptors), self._depths(frame, grid))
            progress(STAGE, (number + 1) / len(frames), f'{number + 1} of {len(frames)} frames')

    def _depths(self, frame: PosedImage, grid: CellGrid) -> torch.Tensor | None:
        """Return the depths (N,) of a frame's cells, metres, 0 where unknown, or None."""
        if frame.depth_m is None or not self._options.depth:
            return None
        depth_m = registered_depth(frame.depth_m, frame.camera)
        pixels = grid.pixels(torch.arange(len(grid.descriptors))).numpy()
        return torch.from_numpy(trusted_depths(depth_m, pixels,
                                               depth_m.shape[0] / WORKING_HEIGHT))

    def _key_frames(self, views: list[View], correction: CameraRefinement,
                    depth: DepthCorrection | None, generators: MappingGenerators,
                    progress: MappingProgress) -> Iterator[KeyFrame]:
        """Yield the key frames, the points of their cells measured or triangulated."""
        for number, view in enumerate(views):
            points, cells = points_of(view, views, self._options.cells, correction, depth,
                                      generators.augmentation)
            yield _key_frame(view, points, cells)
            progress('lifting', (number + 1) / len(views), f'{number + 1} of {len(views)} frames')


class Reference(Cells):
    """A map whose queries are matched with the one key frame most like them."""

    name: ClassVar[str] = 'reference'
    needs: ClassVar[Needs] = Needs(frames=1)
    presets: ClassVar[dict[str, CellsOptions]] = _presets(ReferenceOptions)


class Retrieval(Cells):
    """A map whose answers are the poses of key frames: the floor of all methods."""

    name: ClassVar[str] = 'retrieval'
    family: ClassVar[str] = 'regressed'
    presets: ClassVar[dict[str, CellsOptions]] = _presets(RetrievalOptions)
    observer: ClassVar[type] = RetrievalObserver


def novel_views(poses: torch.Tensor, least: float,
                known: torch.Tensor | None = None) -> list[int]:
    """Return the numbers of the poses (F, 4, 4) that differ from those chosen before them.

    Args:
        poses: map_from_cam, metres.
        least: novelty of a chosen one (``view_novelty``), unitless.
        known: (K, 4, 4) poses that are chosen already.
    """
    chosen: list[int] = []
    kept = torch.zeros(0, 4, 4).double() if known is None else known
    for number, pose in enumerate(poses):
        if not len(kept) or float(view_novelty(pose, kept).min()) >= least:
            chosen.append(number)
            kept = torch.cat((kept, pose[None]))
    return chosen


def _affordable(chosen: list[int], seconds: float, deadline: Deadline) -> list[int]:
    """Return as many of the key frames, evenly, as can be encoded in their share of the time."""
    most = max(1, int(_ENCODING_SHARE * deadline.left_s / max(seconds, 1e-3)))
    if most >= len(chosen):
        return chosen
    return [chosen[int(i)] for i in np.linspace(0, len(chosen) - 1, most)]


def _key_frame(view: View, points: torch.Tensor, cells: torch.Tensor) -> KeyFrame:
    return KeyFrame(view.map_from_cam.float(), view.summary.half(),
                    to_codes(view.grid.descriptors[cells]), points.float())
