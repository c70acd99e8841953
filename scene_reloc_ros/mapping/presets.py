# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Settings of mapping, and the presets by which users know them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from scene_reloc_ros.mapping.camera_refinement import CameraRefinementOptions
from scene_reloc_ros.mapping.view_matching import MatchingOptions
from scene_reloc_ros.network.weights import DEFAULT_ENCODER


@dataclass(frozen=True)
class AugmentationOptions:
    """How mapping images are varied (ACE, section 3.3)."""

    scale: float = 1.5  # largest zoom in or out, ratio
    rotation_deg: float = 15.0  # largest in-plane rotation, degrees
    brightness: float = 0.1  # largest shift, of the full range
    contrast: float = 0.1  # largest change, ratio


@dataclass(frozen=True)
class LossOptions:
    """The bounds and the schedule of the reprojection loss."""

    soft_clamp_px: float = 50.0  # tau at the start, pixels
    final_clamp_px: float = 1.0  # tau at the end, pixels
    minimum_depth_m: float = 0.1  # of a valid prediction, metres
    maximum_depth_m: float = 1000.0  # of a valid prediction, metres
    maximum_error_px: float = 1000.0  # of a valid prediction, pixels
    surface_m: float = 0.1  # points this near to a measured one are left to their pixels, metres
    surface_share: float = 0.05  # and that much more, of the depth: scales of sensors differ
    surface_px_per_m: float = 20.0  # cost of a metre beyond that at the start, pixels
    surface_until: float = 0.7  # share of the training after which it costs nothing more
    fallback_depth_m: float = 10.0  # where invalid predictions are drawn to, metres


@dataclass(frozen=True)
class MappingOptions:
    """How a map of the method ``ace`` is made."""

    method: ClassVar[str] = 'ace'
    encoder: str = DEFAULT_ENCODER  # name of the weights
    width: int = 384  # channels of the head
    passes: int = 2  # augmented passes over the mapping frames, count
    views: int = 1200  # augmented views of all frames at least, count: few frames, more passes
    depth: bool = True  # use the depth of the frames where they have it
    cells: int = 1024  # random cells kept of a view, count
    buffer: int = 1_500_000  # bound on the feature buffer, cells
    steps: int = 3000  # optimiser steps, count
    batch: int = 4096  # cells a step, count
    learning_rate: float = 3e-3  # peak of the one-cycle schedule
    weight_decay: float = 1e-2  # of AdamW
    minutes: float = 9.0  # bound on the whole mapping; the schedule is shortened to it, minutes
    self_check: int = 24  # mapping frames localised after training, count
    augmentation: AugmentationOptions = AugmentationOptions()
    loss: LossOptions = LossOptions()
    correction: CameraRefinementOptions = CameraRefinementOptions()
    matching: MatchingOptions = MatchingOptions()


Options = TypeVar('Options')  # of a method: a dataclass with minutes


def with_minutes(options: Options, minutes: float) -> Options:
    """Return options of a method with another bound on the time, minutes."""
    if not minutes > 0:
        raise ValueError(f'minutes is {minutes}; expected a positive number')
    return replace(options, minutes=float(minutes))  # type: ignore[type-var]


PRESETS = {
    'fast': MappingOptions(width=256, passes=1, views=300, buffer=700_000, steps=1500,
                           minutes=4.0),
    'standard': MappingOptions(),
    'best': MappingOptions(width=512, passes=6, views=4000, buffer=4_000_000, steps=20_000,
                           minutes=60.0),
}
