# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Mapper: posed frames in, a scene map out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection, fit_depth_correction
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer, fill_buffer, mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.head_training import train_head, TrainingSummary
from scene_reloc_ros.mapping.hold_out import FrameSubset, held_out_blocks, PosedFrames
from scene_reloc_ros.mapping.presets import MappingOptions, PRESETS
from scene_reloc_ros.mapping.progress import (
    Deadline,
    MappingCancelled,
    MappingProgress,
    never,
    Report,
    silent,
)
from scene_reloc_ros.mapping.radial_fit import DistortionFit, fit_radial_distortion
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.mapping.self_consistency import inlier_shares, reproject_cells
from scene_reloc_ros.network.device import autocast, resolve_device
from scene_reloc_ros.network.head import Head
from scene_reloc_ros.network.weights import encoder_hash, load_encoder
from scene_reloc_ros.pipeline.frame_result import localise_frames
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.map_report import validation_summary
from scene_reloc_ros.pipeline.map_validation import FrameSplit, MapValidation, STAGE

__all__ = ['Mapper', 'MappingCancelled', 'MINIMUM_FRAMES']

MINIMUM_FRAMES = 10
_CLOUD_POINTS = 4000  # scene points kept for people to look at
_DEPTH_CELLS = 60_000  # cells whose coordinates are compared with their depths
_DEPTH_GATE_PX = 10.0  # cells farther from their pixels are not
_ALIAS_SHARE = 0.4  # of a frame's cells; below, its place may look like another
_MOST_ALIASES = 120  # frames that are looked at for that, count
# How the time of a mapping is shared out: no further passes of encoding, matching of views, the
# head, and the check at the end.
_ENCODING_SHARE = 0.2  # of the whole
_CHECK_SHARE = 0.05  # of the whole
_MATCHING_SHARE = 0.1  # of what encoding left
_MATCHING_LEAST_S = 6.0  # seconds without which matching is not begun


class Mapper:
    """Makes scene maps (ACE: encode once, shuffle all cells, train a small head)."""

    def __init__(self, options: MappingOptions = PRESETS['standard'], device: str = 'auto',
                 seed: int = 0):
        """Load the encoder; ValueError or RuntimeError where it or the device is missing."""
        self.options, self.seed = options, seed
        self.device = resolve_device(device)
        self.encoder = load_encoder(options.encoder, self.device)

    def build(self, frames: PosedFrames, on_progress: Report = silent,
              cancelled: Callable[[], bool] = never) -> SceneMap:
        """Return the SceneMap of posed frames.

        Args:
            frames: posed images, read one at a time.
            on_progress: called with (stage, fraction in [0, 1], text).
            cancelled: asked now and then; MappingCancelled is raised when it answers True.

        Raises ValueError for too few frames, a missing or impossible pose, or images that do not
        fit their camera.
        """
        if len(frames) < MINIMUM_FRAMES:
            raise ValueError(f'{len(frames)} posed frames are too few to map; record at least '
                             f'{MINIMUM_FRAMES}, better 200, from all over the place')
        progress = MappingProgress(on_progress, cancelled, Deadline(60 * self.options.minutes))
        generators = MappingGenerators.from_seed(self.seed)
        blocks = held_out_blocks(invert_pose(mapping_poses(frames)).numpy())
        kept = np.setdiff1d(np.arange(len(frames)), np.concatenate([[], *blocks]))
        training_frames = FrameSubset(frames, kept)
        buffer = fill_buffer(training_frames, self.encoder, self.options, generators.augmentation,
                             progress.within(_ENCODING_SHARE * progress.deadline.seconds))
        lens = self._fit_lens(training_frames, buffer, generators.pairs, progress)
        trained = train_head(buffer, self.options, generators.head,
                             progress.within(self._training_s(progress)),
                             0.0 if lens is None else float(lens.values[4]))
        split = FrameSplit(blocks, kept[_alias_candidates(inlier_shares(buffer, *trained[:2]))])
        scene_map = self._assemble(frames, buffer, trained, lens)
        scene_map, check = self._validated(scene_map, frames, split, progress, generators)
        return replace(scene_map, metadata={
            **scene_map.metadata, 'check': check,
            'mapping_seconds': progress.deadline.elapsed_s})

    @staticmethod
    def _training_s(progress: MappingProgress) -> float:
        """Return the seconds that are left for all but the check at the end."""
        deadline = progress.deadline
        return max(1.0, (1 - _CHECK_SHARE) * deadline.seconds - deadline.elapsed_s)

    def _fit_lens(self, frames: PosedFrames, buffer: FeatureBuffer, rng: np.random.Generator,
                  progress: MappingProgress) -> DistortionFit | None:
        """Return what matched views tell of the lens; None: nothing, or there is no time."""
        seconds = _MATCHING_SHARE * self._training_s(progress)
        if seconds < _MATCHING_LEAST_S:
            return None
        return fit_radial_distortion(frames, buffer.cam_from_map.cpu().double(),
                                     self.options.matching, rng, progress.within(seconds))

    def _assemble(self, frames: PosedFrames, buffer: FeatureBuffer,
                  trained: tuple[Head, CameraRefinement, TrainingSummary],
                  lens: DistortionFit | None) -> SceneMap:
        head, correction, training = trained
        choice = torch.linspace(0, len(buffer) - 1, min(_CLOUD_POINTS, len(buffer))).long()
        with torch.inference_mode(), autocast(self.device):
            cloud = head(buffer.descriptors[choice.to(self.device)].float())
        depth = _depth_correction(buffer, head, correction)
        low, high = buffer.positions.min(0).values, buffer.positions.max(0).values
        metadata = {'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
                    'frames': len(frames), 'cells': len(buffer), 'seed': self.seed,
                    'device': str(self.device), 'training': asdict(training),
                    'calibration': correction.described(frames[0].camera),
                    'extent': [low.tolist(), high.tolist()], 'options': asdict(self.options),
                    'lens': None if lens is None else lens.described()}
        return SceneMap(
            head=head.cpu(), encoder_name=self.options.encoder, camera=frames[0].camera,
            encoder_hash=encoder_hash(self.options.encoder), cloud=cloud.float().cpu(),
            views=invert_pose(buffer.cam_from_map).cpu(), correction=correction.cpu(),
            metadata=metadata, depth=depth)

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
            return validation.scene_map, validation_summary(validation.results, split.blocks)
        chosen = np.unique(np.linspace(0, len(frames) - 1, self.options.self_check).round())
        progress(STAGE, 0.0, f'0 of {len(chosen)} pictures')
        results = list(localise_frames(
            localiser, FrameSubset(frames, chosen),
            on_progress=lambda fraction, name: progress(STAGE, fraction, name)))
        return scene_map, validation_summary(results, split.blocks)


def _alias_candidates(shares: torch.Tensor) -> np.ndarray:
    """Return the indices of the frames (F,) whose cells agree least with their own poses."""
    values = shares.numpy()
    worst = np.argsort(values)[:_MOST_ALIASES]
    return worst[values[worst] < _ALIAS_SHARE]


def _depth_correction(buffer: FeatureBuffer, head: Head,
                      correction: CameraRefinement) -> DepthCorrection | None:
    """Compare some cells' coordinates with their depths; None where the frames have none."""
    measured = (buffer.depths > 0).nonzero()[:, 0]
    if not len(measured):
        return None
    chosen = measured[torch.linspace(0, len(measured) - 1, min(
        _DEPTH_CELLS, len(measured)), device=measured.device).long()]
    depth, rays, error = reproject_cells(buffer, head, correction, chosen)
    good = error < _DEPTH_GATE_PX
    return fit_depth_correction(*(part[good].cpu() for part in (
        depth, buffer.depths[chosen], rays, buffer.frames[chosen])))
