# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Mapper: posed frames in, a scene map out."""

from dataclasses import asdict
from datetime import datetime, timezone
import time

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.depth_correction import fit_depth_correction
from scene_reloc_ros.mapping.feature_buffer import fill_buffer, mapping_poses, MappingCancelled
from scene_reloc_ros.mapping.head_training import train_head
from scene_reloc_ros.mapping.hold_out import FrameSubset, held_out_blocks
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.radial_fit import fit_radial_distortion
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.mapping.self_consistency import inlier_shares, reproject_cells
from scene_reloc_ros.network.device import autocast, resolve_device
from scene_reloc_ros.network.weights import encoder_hash, load_encoder
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.map_report import validation_summary
from scene_reloc_ros.pipeline.map_validation import Answer, MapValidation

__all__ = ['Mapper', 'MappingCancelled', 'MINIMUM_FRAMES']

MINIMUM_FRAMES = 10
_CLOUD_POINTS = 4000  # scene points kept for people to look at
_LENS_SHARE = 0.1  # of the time that encoding left, for matching views
_LENS_LEAST_S = 6.0  # seconds without which matching is not begun
_DEPTH_CELLS = 60_000  # cells whose coordinates are compared with their depths
_DEPTH_GATE_PX = 10.0  # cells farther from their pixels are not
_SUSPECT_SHARE = 0.4  # of a frame's cells; below, its place may look like another
_MOST_SUSPECTS = 120  # frames that are looked at for that, count
_CHECK_SHARE = 0.05  # of the time, kept for the check at the end


def _silent(stage, fraction, text):
    """Take progress that nobody asked for."""


def _reporter(on_progress, cancelled):
    """Return what the check of a map calls before each picture."""
    def report(fraction, text):
        if cancelled():
            raise MappingCancelled('cancelled during the check of the map')
        on_progress('checking', fraction, text)
    return report


def _suspects(shares):
    """Return the indices of the frames (F,) whose cells agree least with their own poses."""
    worst = np.argsort(shares)[:_MOST_SUSPECTS]
    return worst[shares[worst] < _SUSPECT_SHARE]


class Mapper:
    """Makes scene maps (ACE: encode once, shuffle all cells, train a small head)."""

    def __init__(self, options=PRESETS['standard'], device='auto', seed=0):
        """Load the encoder; ValueError or RuntimeError where it or the device is missing."""
        self.options, self.seed = options, seed
        self.device = resolve_device(device)
        self.encoder = load_encoder(options.encoder, self.device)

    def build(self, frames, on_progress=None, cancelled=None):
        """Return the SceneMap of posed frames.

        Args:
            frames: sequence of PosedImage: len() and [index]; read one at a time.
            on_progress: called with (stage, fraction in [0, 1], text).
            cancelled: asked now and then; MappingCancelled is raised when it answers True.

        Raises ValueError for too few frames, a missing or impossible pose, or images that do not
        fit their camera.
        """
        if len(frames) < MINIMUM_FRAMES:
            raise ValueError(f'{len(frames)} posed frames are too few to map; record at least '
                             f'{MINIMUM_FRAMES}, better 200, from all over the place')
        on_progress, cancelled = on_progress or _silent, cancelled or (lambda: False)
        started, generator = time.monotonic(), torch.Generator().manual_seed(self.seed)
        blocks = held_out_blocks(invert_pose(mapping_poses(frames)).numpy())
        kept = np.setdiff1d(np.arange(len(frames)), np.concatenate([[], *blocks]))
        training_frames = FrameSubset(frames, kept)
        buffer = fill_buffer(training_frames, self.encoder, self.options,
                             np.random.default_rng(self.seed), on_progress, cancelled)
        lens = self._find_lens(training_frames, buffer, started, on_progress, cancelled)
        radial = 0.0 if lens is None else float(lens.values[4])
        head, correction, training = train_head(
            buffer, self.options, self._seconds_left(started), generator, on_progress, cancelled,
            radial)
        suspects = kept[_suspects(inlier_shares(buffer, head, correction).numpy())]
        scene_map = self._assemble(frames, buffer, head, correction, training)
        scene_map.metadata.update(lens=None if lens is None else lens.described())
        scene_map, check = self._checked(scene_map, frames, (blocks, suspects),
                                         _reporter(on_progress, cancelled))
        scene_map.metadata.update(check=check, mapping_seconds=time.monotonic() - started)
        return scene_map

    def _seconds_left(self, started):
        budget = 60 * self.options.minutes * (1 - _CHECK_SHARE)
        return max(1.0, budget - (time.monotonic() - started))

    def _find_lens(self, frames, buffer, started, on_progress, cancelled):
        seconds = _LENS_SHARE * self._seconds_left(started)
        if seconds < _LENS_LEAST_S:
            return None  # the head needs all of the time
        return fit_radial_distortion(
            frames, buffer.cam_from_map.cpu().double(), self.options.matching,
            np.random.default_rng(self.seed), seconds, on_progress, cancelled)

    def _find_depth_correction(self, buffer, head, correction):
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

    def _assemble(self, frames, buffer, head, correction, training):
        choice = torch.linspace(0, len(buffer) - 1, min(_CLOUD_POINTS, len(buffer))).long()
        with torch.inference_mode(), autocast(self.device):
            cloud = head(buffer.descriptors[choice.to(self.device)].float())
        depth = self._find_depth_correction(buffer, head, correction)
        low, high = buffer.positions.min(0).values, buffer.positions.max(0).values
        metadata = {'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
                    'frames': len(frames), 'cells': len(buffer), 'seed': self.seed,
                    'device': str(self.device), 'training': asdict(training),
                    'calibration': correction.described(frames[0].camera),
                    'extent': [low.tolist(), high.tolist()], 'options': asdict(self.options)}
        return SceneMap(head.cpu(), self.options.encoder, encoder_hash(self.options.encoder),
                        frames[0].camera, invert_pose(buffer.cam_from_map).cpu(),
                        cloud.float().cpu(), correction.cpu(), metadata, depth)

    def _checked(self, scene_map, frames, chosen, report):
        """Return the map with its calibration, and the figures of its check.

        Without held-out frames some of the mapping frames are localised: what a map cannot do
        there it cannot do at all.
        """
        blocks, suspects = chosen
        localiser = Localiser(scene_map, device=str(self.device), seed=self.seed)
        if blocks:
            check = MapValidation(localiser, frames, blocks, suspects, report)
            scene_map = check.calibrated_map()
            return scene_map, validation_summary(check.answers(), blocks)
        chosen = np.unique(np.linspace(0, len(frames) - 1, self.options.self_check).round())
        answers = []
        for count, index in enumerate(chosen.astype(int)):
            report(count / len(chosen), f'{count} of {len(chosen)} pictures')
            frame = frames[int(index)]
            answers.append(Answer.of(frame, localiser.trace(frame.image, frame.camera)))
        return scene_map, validation_summary(answers, blocks)
