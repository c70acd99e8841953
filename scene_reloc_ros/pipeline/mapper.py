# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Mapper: posed frames in, a scene map out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import FrameSubset, held_out_blocks, PosedFrames
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.progress import (
    Deadline,
    MappingCancelled,
    MappingProgress,
    never,
    Report,
    silent,
)
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.method import Fitted, Growing, LocalisationMethod, MethodOptions
from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.network.device import resolve_device
from scene_reloc_ros.network.weights import encoder_hash
from scene_reloc_ros.pipeline.frame_result import localise_frames
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.map_report import validation_summary
from scene_reloc_ros.pipeline.map_validation import FrameSplit, MapValidation, STAGE
from scene_reloc_ros.pipeline.part_choice import PartChoice

__all__ = ['Mapper', 'MappingCancelled']


class Mapper:
    """Makes scene maps by the method that its options belong to."""

    def __init__(self, options: MethodOptions = PRESETS['standard'], device: str = 'auto',
                 seed: int = 0):
        """Make the method; ValueError or RuntimeError where its network or device is missing."""
        self.options, self.seed = options, seed
        self.device = resolve_device(device)
        self.method: LocalisationMethod = method_class(options.method)(options, self.device)

    def build(self, frames: PosedFrames, on_progress: Report = silent,
              cancelled: Callable[[], bool] = never) -> SceneMap:
        """Return the SceneMap of posed frames.

        Some blocks of frames are held out, so that the map can tell how good it is where it has
        not looked; a method that grows without training gets them afterwards.

        Args:
            frames: posed images, read one at a time.
            on_progress: called with (stage, fraction in [0, 1], text).
            cancelled: asked now and then; MappingCancelled is raised when it answers True.

        Raises ValueError for too few frames, a missing or impossible pose, or images that do not
        fit their camera.
        """
        least = self.method.needs.frames
        if len(frames) < least:
            raise ValueError(f'{len(frames)} posed frames are too few to map; record at least '
                             f'{least}, better 200, from all over the place')
        progress = MappingProgress(on_progress, cancelled, Deadline(60 * self.options.minutes))
        generators = MappingGenerators.from_seed(self.seed)
        blocks = held_out_blocks(invert_pose(mapping_poses(frames)).numpy())
        held_out = np.concatenate([[], *blocks]).astype(int)
        kept = np.setdiff1d(np.arange(len(frames)), held_out)
        fitted = self.method.fit(FrameSubset(frames, kept), generators, progress)
        split = FrameSplit(blocks, kept[fitted.alias_candidates])
        scene_map = self._assemble(frames, fitted)
        if len(held_out) and getattr(self.options, 'choose', False):
            scene_map = PartChoice(scene_map, self.device, self.seed).run(
                FrameSubset(frames, held_out), progress)
        scene_map, check = self._validated(scene_map, frames, split, progress, generators)
        if isinstance(self.method, Growing) and len(held_out):
            scene_map = self.method.add(scene_map, FrameSubset(frames, held_out), progress)
        return replace(scene_map, metadata={
            **scene_map.metadata, 'check': check,
            'mapping_seconds': progress.deadline.elapsed_s})

    def _assemble(self, frames: PosedFrames, fitted: Fitted) -> SceneMap:
        camera = frames[0].camera
        positions = mapping_poses(frames).inverse()[:, :3, 3]
        metadata = {'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
                    'method': self.method.name, 'frames': len(frames), 'seed': self.seed,
                    'device': str(self.device), **fitted.metadata,
                    'calibration': fitted.correction.described(camera),
                    'extent': [positions.amin(0).tolist(), positions.amax(0).tolist()],
                    'options': asdict(self.options)}
        return SceneMap(
            content=fitted.content, encoder_name=fitted.encoder, camera=camera,
            encoder_hash=encoder_hash(fitted.encoder) if fitted.encoder else '',
            views=fitted.views, cloud=fitted.cloud, correction=fitted.correction,
            metadata=metadata, depth=fitted.depth)

    def _validated(self, scene_map: SceneMap, frames: PosedFrames, split: FrameSplit,
                   progress: MappingProgress, generators: MappingGenerators,
                   ) -> tuple[SceneMap, dict[str, Any]]:
        """Return the map with its uncertainty model, and the figures of its check.

        Without held-out frames some of the mapping frames are localised: what a map cannot do
        there it cannot do at all.
        """
        localiser = Localiser(scene_map, device=str(self.device), seed=self.seed)
        if split.blocks:
            validation = MapValidation(localiser, frames, split, progress,
                                       generators.validation).run()
            return validation.scene_map, {
                **validation_summary(validation.results, split.blocks),
                'with_depth': validation.with_depth}
        chosen = np.unique(np.linspace(0, len(frames) - 1, self.options.self_check).round())
        progress(STAGE, 0.0, f'0 of {len(chosen)} pictures')
        results = list(localise_frames(
            localiser, FrameSubset(frames, chosen), localiser.observer.observes_depth,
            on_progress=lambda fraction, name: progress(STAGE, fraction, name)))
        return scene_map, {**validation_summary(results, split.blocks),
                           'with_depth': localiser.observer.observes_depth}
