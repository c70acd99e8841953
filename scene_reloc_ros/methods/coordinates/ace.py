# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``ace``: a frozen encoder and a small head per map (Brachmann et al., ACE, CVPR 2023)."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection, fit_depth_correction
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer, fill_buffer
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.head_training import train_head
from scene_reloc_ros.mapping.hold_out import FrameSubset, PosedFrames
from scene_reloc_ros.mapping.presets import MappingOptions, PRESETS
from scene_reloc_ros.mapping.progress import fewer_than, MappingProgress
from scene_reloc_ros.mapping.radial_fit import DistortionFit, fit_radial_distortion
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.mapping.self_consistency import inlier_shares, reproject_cells
from scene_reloc_ros.methods.method import (
    checked_encoder,
    Correspondences,
    encoded,
    encoder_key,
    Fitted,
    Needs,
    QueryImage,
    rays_of,
)
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.head import Head, HeadOptions
from scene_reloc_ros.network.weights import load_encoder

_CLOUD_POINTS = 4000  # scene points kept for people to look at
_DEPTH_CELLS = 60_000  # cells whose coordinates are compared with their depths
_DEPTH_GATE_PX = 10.0  # cells farther from their pixels are not
_ALIAS_SHARE = 0.4  # of a frame's cells; below, its place may look like another
_MOST_ALIASES = 120  # frames that are looked at for that, count
# How the time of a mapping is shared out: no further passes of encoding, matching of views, and
# the head; the check at the end has a reserve.
_ENCODING_SHARE = 0.2  # of the whole
_MATCHING_SHARE = 0.1  # of what encoding left
_MATCHING_LEAST_S = 6.0  # seconds without which matching is not begun
_HEAD = 'head.'


class AceObserver:
    """A scene coordinate for every cell."""

    least = 100  # cells
    tolerance = 1.0
    observes_depth = False

    def __init__(self, scene_map: SceneMap, device: torch.device) -> None:
        """Load the networks; ValueError where the map was made with another encoder."""
        self._map, self._device = scene_map, device
        self.encoder = load_encoder(checked_encoder(scene_map), device)
        self.head = read_head(scene_map.content).to(device)
        self._cells_of = lru_cache(4)(self._make_cells)

    def observe(self, image: QueryImage) -> Correspondences:
        """Return all cells of an image, see ``Observer``."""
        pixels, rays = self._cells_of(image.camera)
        descriptors = image.described.once(encoder_key(self._map, self._device), lambda: encoded(
            self.encoder, image.grey, self._device))
        with torch.inference_mode(), autocast(self._device):
            points = self.head(descriptors.flatten(1).T)
        return Correspondences(pixels, rays, points)

    def _make_cells(self, camera: Camera) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels (N, 2) and rays (N, 3) of the cells of a working image."""
        stride = self.encoder.stride
        rows, columns = (cell_count(n, stride) for n in (camera.height, camera.width))
        pixels = cell_centres(rows, columns, stride).flatten(0, 1)
        rays = rays_of(pixels, camera, self._map.camera, self._map.correction)
        return pixels, rays.to(self._device)


class Ace:
    """Encode once, shuffle all cells, train a small head."""

    name: ClassVar[str] = 'ace'
    family: ClassVar[str] = 'cells'
    chooses_parts: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs()
    presets: ClassVar[dict[str, MappingOptions]] = PRESETS
    observer = AceObserver

    def __init__(self, options: MappingOptions, device: torch.device) -> None:
        """Load the encoder; ValueError where it is missing."""
        self._options, self._device = options, device
        self._encoder = load_encoder(options.encoder, device)

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return a trained head and what was learnt beside it, see ``LocalisationMethod``."""
        buffer, seen = fill_buffer(
            frames, self._encoder, self._options, generators.augmentation,
            progress.within(_ENCODING_SHARE * progress.deadline.seconds)).of_seen()
        fewer = fewer_than(len(frames), len(seen), 'frames')
        frames = FrameSubset(frames, seen)
        lens = self._fit_lens(frames, buffer, generators.pairs, progress)
        head, correction, training = train_head(
            buffer, self._options, generators.head, progress.within(progress.left_s),
            0.0 if lens is None else float(lens.values[4]))
        aliases = seen[_alias_candidates(inlier_shares(buffer, head, correction))]
        choice = torch.linspace(0, len(buffer) - 1, min(_CLOUD_POINTS, len(buffer))).long()
        with torch.inference_mode(), autocast(self._device):
            cloud = head(buffer.descriptors[choice.to(self._device)].float())
        depth = _depth_correction(buffer, head, correction)
        return Fitted(
            _content(head), invert_pose(buffer.cam_from_map).cpu(), cloud.float().cpu(),
            self._options.encoder, correction.cpu(), depth, aliases,
            {'cells': len(buffer), 'training': asdict(training),
             'cut_short': ', '.join(part for part in (fewer, training.cut_short) if part),
             'depth_frames': len(buffer.frames[buffer.depths > 0].unique()),
             'lens': None if lens is None else lens.described()})

    def _fit_lens(self, frames: PosedFrames, buffer: FeatureBuffer, rng: np.random.Generator,
                  progress: MappingProgress) -> DistortionFit | None:
        """Return what matched views tell of the lens; None: nothing, or there is no time."""
        seconds = _MATCHING_SHARE * progress.left_s
        if seconds < _MATCHING_LEAST_S:
            return None
        return fit_radial_distortion(frames, buffer.cam_from_map.cpu().double(),
                                     self._options.matching, rng, progress.within(seconds))


def read_head(content: MapContent) -> Head:
    """Return the Head of a map's content; ValueError where a part is missing."""
    try:
        head = Head(HeadOptions(**content.header['head']))
        head.load_state_dict({key.removeprefix(_HEAD): value.float()
                              for key, value in content.tensors.items()})
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f'the map lacks a part of its head ({error}); map again') from error
    return head.eval().requires_grad_(False)


def _content(head: Head) -> MapContent:
    tensors = {_HEAD + key: value.cpu() for key, value in head.state_dict().items()}
    return MapContent('ace', tensors, {'head': asdict(head.options)},
                      frozenset(tensors) - {_HEAD + 'centre'})


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
