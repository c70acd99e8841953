# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What all maps of key frames have in common: which frames they keep, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic

import numpy as np
import torch

from scene_reloc_ros.features.projection import Projection, to_codes
from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import FrameSubset, PosedFrames
from scene_reloc_ros.mapping.progress import (
    Deadline,
    fewer_than,
    MappingProgress,
    Pace,
    TooLittleTime,
)
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.local_frames import LocalFrames
from scene_reloc_ros.methods.matching.key_frames import KeyFrame, KeyFrames, Vocabulary
from scene_reloc_ros.methods.matching.views import depths_at, Local, View
from scene_reloc_ros.methods.method import Fitted, Needs
from scene_reloc_ros.network.preprocessing import working_frame

STAGE = 'encoding'
_VOCABULARY_FRAMES = 24  # that a vocabulary is fitted to, count
_VOCABULARY_SHARE = 0.3  # of the time, for these
_ENCODING_SHARE = 0.5  # of the time that is left when a vocabulary is there
_POINTS_SHARE = 0.85  # of what encoding left, for points
_LEAST_VIEWS = 10  # of which a map is worth making, where there are more, count
_CLOUD_POINTS = 4000  # scene points kept for people to look at


@dataclass(frozen=True)
class KeyFrameOptions:
    """Which frames are kept of a place, and how a query is matched with them."""

    method: ClassVar[str]
    depth: bool = True  # use the depth of the frames where they have it
    novelty: float = 0.08  # of a key frame from all before it; one is half a metre or radian
    points: int = 600  # of a key frame that are kept, count
    dimensions: int = 64  # of a kept descriptor, count
    retrieved: int = 10  # key frames that a query is matched with, count
    minutes: float = 30.0  # bound on the whole mapping, minutes
    self_check: int = 24  # mapping frames localised where none can be held out, count


def effort(options: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of each preset; more frames and minutes, the same method."""
    return {'fast': options(novelty=0.15, minutes=1.0), 'standard': options(minutes=4.0),
            'best': options(novelty=0.05)}


@dataclass(frozen=True)
class ViewPoints:
    """What key frames tell of the camera, and which of the things they show have a point."""

    correction: CameraRefinement
    depth: DepthCorrection | None
    figures: dict[str, Any] | None  # of the camera, for people
    points: list[torch.Tensor]  # of each key frame (K, 3) float64, metres
    chosen: list[torch.Tensor]  # of each key frame (K,) int64, what they are points of
    cut_short: str = ''  # what the clock left no time for


class KeyFrameMap(Generic[Local]):
    """Key frames of a place: what they show in short descriptors, and their summaries."""

    chooses_parts: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs()
    name: ClassVar[str]

    def __init__(self, options: KeyFrameOptions, encoder: str = '') -> None:
        """Take the options, and the name of the network that descriptors come from, if any."""
        self._options, self._encoder = options, encoder

    def _descriptors(self, grey: np.ndarray) -> torch.Tensor:
        """Return the descriptors (N, C) float32 of a working image, as they come."""
        raise NotImplementedError

    def _described(self, grey: np.ndarray, projection: Projection) -> tuple[Local, torch.Tensor]:
        """Return what a working image shows in short descriptors, and its pixels (N, 2)."""
        raise NotImplementedError

    def _points(self, views: list[View[Local]], generators: MappingGenerators,
                progress: MappingProgress) -> ViewPoints:
        """Return the points of the key frames, measured or triangulated."""
        raise NotImplementedError

    def _measured(self, view: View[Local], scene_map: SceneMap,
                  ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return points (K, 3) of a further key frame, by its depth, and of what (K,)."""
        raise NotImplementedError

    def _bounded(self, key_frames: KeyFrames) -> KeyFrames:
        """Return the key frames with as many points as the map may have."""
        return key_frames

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return the key frames and what they tell of the camera, see ``LocalisationMethod``."""
        chosen = novel_views(invert_pose(mapping_poses(frames)), self._options.novelty)
        stage = Deadline()
        vocabulary, seen = self._vocabulary(
            FrameSubset(frames, chosen), generators,
            Pace(_VOCABULARY_FRAMES, Deadline(_VOCABULARY_SHARE * progress.left_s)))
        encoding = progress.within(_ENCODING_SHARE * progress.left_s)
        novel = len(chosen)
        chosen = _affordable(chosen, stage.elapsed_s / seen, encoding.deadline)
        views = list(self._views(FrameSubset(frames, chosen), vocabulary, encoding))
        if len(views) < min(novel, _LEAST_VIEWS):
            raise TooLittleTime(f'the time allows {len(views)} of {novel} key frames',
                                _LEAST_VIEWS * stage.elapsed_s / seen)
        vocabulary = vocabulary.whitened(torch.stack([view.summary for view in views]))
        views = [replace(view, summary=vocabulary.whiten(view.summary)) for view in views]
        found = self._points(views, generators, progress.within(_POINTS_SHARE * progress.left_s))
        key_frames = self._bounded(KeyFrames(vocabulary, list(map(
            _key_frame, views, found.points, found.chosen))))
        points = torch.cat([frame.points for frame in key_frames.frames])
        cloud = points[torch.linspace(0, len(points) - 1, min(_CLOUD_POINTS, len(points))).long()]
        return Fitted(
            key_frames.content(self.name), key_frames.poses(), cloud, self._encoder,
            found.correction, found.depth, metadata={
                **key_frames.figures(), 'lens': None, 'camera_fit': found.figures,
                'cut_short': ', '.join(part for part in (
                    fewer_than(novel, len(views), 'key frames'), found.cut_short) if part),
                'depth_frames': sum(view.depths is not None for view in views)})

    def add(self, scene_map: SceneMap, frames: PosedFrames, progress: MappingProgress) -> SceneMap:
        """Return the map with those of the frames that it has seen nothing like."""
        frames = LocalFrames(frames, scene_map.origin)
        key_frames = KeyFrames.read(scene_map.content, scene_map.views)
        poses = invert_pose(mapping_poses(frames))
        chosen = novel_views(poses, self._options.novelty, scene_map.views.double())
        if not chosen or not (self._options.points == 0 or scene_map.depth is not None):
            return scene_map
        for view in self._views(FrameSubset(frames, chosen), key_frames.vocabulary, progress):
            view = replace(view, summary=key_frames.vocabulary.whiten(view.summary))
            key_frames.add(_key_frame(view, *self._measured(view, scene_map)))
        key_frames = self._bounded(key_frames)
        return replace(scene_map, content=key_frames.content(self.name), views=key_frames.poses(),
                       metadata={**scene_map.metadata, **key_frames.figures()})

    def _vocabulary(self, frames: PosedFrames, generators: MappingGenerators,
                    pace: Pace) -> tuple[Vocabulary, int]:
        """Return the Vocabulary of some frames, and how many they were."""
        numbers = np.unique(np.linspace(0, len(frames) - 1, _VOCABULARY_FRAMES).astype(int))
        images = [self._descriptors(working_frame(frames[int(number)])[0])
                  for done, number in enumerate(numbers) if pace.takes(done)]
        return Vocabulary.fit(images, self._options.dimensions, generators.head), len(images)

    def _view(self, frame: PosedImage, vocabulary: Vocabulary) -> View[Local]:
        """Return what a frame shows; its summary is not yet whitened."""
        grey, camera = working_frame(frame)
        local, pixels = self._described(grey, vocabulary.projection)
        return View(torch.from_numpy(np.asarray(frame.map_from_cam)).double(), local, camera,
                    vocabulary.raw_summary(local.descriptors),
                    depths_at(frame, pixels) if self._options.depth else None)

    def _views(self, frames: PosedFrames, vocabulary: Vocabulary,
               progress: MappingProgress) -> Iterator[View[Local]]:
        """Yield what the frames show; where that takes too long some are left out, evenly."""
        pace = Pace(len(frames), progress.deadline)
        for number in range(len(frames)):
            if not pace.takes(number):
                continue
            yield self._view(frames[number], vocabulary)
            progress(STAGE, (number + 1) / len(frames), f'{number + 1} of {len(frames)} frames')


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
    """Return as many of the key frames, evenly, as can be described in their time."""
    most = max(1.0, deadline.left_s / max(seconds, 1e-3))
    if most >= len(chosen):
        return chosen
    return [chosen[int(i)] for i in np.linspace(0, len(chosen) - 1, int(most))]


def _key_frame(view: View[Local], points: torch.Tensor, things: torch.Tensor) -> KeyFrame:
    return KeyFrame(view.map_from_cam.float(), view.summary.half(),
                    to_codes(view.local.descriptors[things]), points.float())
