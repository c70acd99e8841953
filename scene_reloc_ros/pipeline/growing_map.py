# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Growing map: that of a recording which is still being made, from its first key frame on.

Nothing is trained: what the key frames show is matched as it is (method ``cells``). While they are
few, the map is made anew whenever they have doubled, for its words and summaries are fitted to
them; then each further one is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import time
from typing import Any, cast

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import FrameSubset
from scene_reloc_ros.mapping.progress import MappingProgress, never
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.local_frames import local_origin, LocalFrames
from scene_reloc_ros.methods.matching.cells import QuickCells
from scene_reloc_ros.methods.method import LocalisationMethod
from scene_reloc_ros.pipeline.mapper import Mapper

_GROWTH = 2.0  # of the frames of a map, after which it is made anew
_SETTLED = 128  # frames of which a map is good enough to be added to for ever
_TRIANGULATED = 1.5  # growth without depth, where a frame alone brings no points
_LOOKED_AT = 12  # pictures that tell what usual ones look like, count


class GrowingMap(Mapper):
    """A map that takes the frames of a recording as they come, in the calling thread."""

    def __init__(self, encoder: str, seed: int = 0) -> None:
        """Load the encoder, on the CPU; ValueError where it is missing."""
        options = replace(QuickCells.presets['standard'], encoder=encoder)
        super().__init__(options, 'cpu', seed)
        self._quick = QuickCells(options, self.device)
        self.method = cast(LocalisationMethod, self._quick)
        self._present: SceneMap | None = None
        self._fitted = 0  # frames of which it was last made anew
        self._taken: set[int] = set()  # stamps of the frames of the map
        self._broken: set[int] = set()  # of those that cannot be read, or have no pose
        self._began_s = time.monotonic()

    def grow(self, frames: Sequence, cancelled: Callable[[], bool] = never) -> SceneMap | None:
        """Return the map with all frames of a recording; None where they have no points yet.

        Args:
            frames: those of the last call and further ones; some of them may have gone.
            cancelled: asked after every frame; MappingCancelled is raised when it answers True.
        """
        progress = MappingProgress(cancelled=cancelled)
        usable, fresh = self._usable(frames)
        if not usable:
            return None
        if self._present is None or len(usable) >= self._enough(self._present):
            self._present = self._made(frames.at(usable), progress)
            self._fitted = len(usable)
        elif fresh:
            self._present = self._quick.add(self._present, frames.at(fresh), progress)
        self._taken.update(frames.stamp_ns(index) for index in fresh)
        points = self._present.metadata['points']
        return self._described(self._present, len(usable)) if points else None

    def _usable(self, frames: Sequence) -> tuple[list[int], list[int]]:
        """Return the numbers of the frames that have a picture and a pose, and of the new ones."""
        usable, fresh = [], []
        for index in range(len(frames)):
            stamp_ns = frames.stamp_ns(index)
            if stamp_ns in self._broken:
                continue
            if stamp_ns not in self._taken:
                if frames.fault(index, True) or frames.map_from_cam(index) is None:
                    self._broken.add(stamp_ns)
                    continue
                fresh.append(index)
            usable.append(index)
        return usable, fresh

    def _enough(self, present: SceneMap) -> float:
        """Return how many frames a map has to be made anew of, count."""
        if present.depth is None:
            return _TRIANGULATED * self._fitted + 1
        return _GROWTH * self._fitted if self._fitted < _SETTLED else np.inf

    def _made(self, frames: Sequence, progress: MappingProgress) -> SceneMap:
        """Return the map of frames, in coordinates near them, without a check."""
        poses = [frames.map_from_cam(index) for index in range(len(frames))]
        origin = local_origin(np.stack([pose[:3, 3] for pose in poses if pose is not None]))
        local = LocalFrames(frames, origin)
        every = np.arange(len(frames))
        scene_map = self._map(local, every, MappingGenerators.from_seed(self.seed), progress)[0]
        some = np.unique(np.linspace(0, len(frames) - 1, _LOOKED_AT).round())
        return replace(self._with_image_statistics(scene_map, FrameSubset(frames, some)),
                       origin=origin)

    def _described(self, scene_map: SceneMap, count: int) -> SceneMap:
        metadata: dict[str, Any] = {
            'frames': count, 'distinct_frames': count, 'growing': True,
            'mapping_seconds': time.monotonic() - self._began_s}
        return replace(scene_map, metadata={**scene_map.metadata, **metadata})
