# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``forest``: trees that take pixels to points of the map (Shotton et al., CVPR 2013).

One forest scales its tests with the depth of a pixel; another, for images without, does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import fewer_than, MappingProgress
from scene_reloc_ros.methods.coordinates.forest.growing import (
    affordable,
    extra_trees,
    grow,
    GrowingOptions,
)
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests
from scene_reloc_ros.methods.coordinates.forest.queries import ForestObserver, Forests
from scene_reloc_ros.methods.coordinates.forest.sampling import draw_samples, NO_DEPTH, Samples
from scene_reloc_ros.methods.coordinates.forest.trees import Forest
from scene_reloc_ros.methods.method import Fitted, Needs

_SAMPLING_SHARE = 0.4  # of the time
_GROWING_SHARE = 0.8  # of what sampling left, both forests together
_CLOUD_POINTS = 4000  # scene points kept for people to look at


@dataclass(frozen=True)
class ForestOptions:
    """How forests are grown and asked."""

    method: ClassVar[str] = 'forest'
    depth: bool = True  # use the depth of the frames; there is no forest without
    trees: int = 4  # of each forest, count
    samples: int = 115_000  # pixels of all mapping frames that a forest grows on, count
    pixels: int = 1500  # of a query, each asks every tree, count
    minutes: float = 30.0  # bound on the whole mapping, minutes
    self_check: int = 24  # mapping frames localised where none can be held out, count


class ForestMethod:
    """Decision trees whose leaves hold points of the map."""

    name: ClassVar[str] = 'forest'
    family: ClassVar[str] = 'matches'
    chooses_parts: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs()
    presets: ClassVar[dict[str, ForestOptions]] = {
        'fast': ForestOptions(samples=60_000, minutes=1.0), 'standard': ForestOptions(minutes=4.0),
        'best': ForestOptions(trees=6, samples=200_000)}
    observer: ClassVar[type] = ForestObserver

    def __init__(self, options: ForestOptions, device: torch.device) -> None:
        """Take the options; ValueError without depth, or where scikit-learn is missing."""
        if not options.depth:
            raise ValueError(NO_DEPTH)
        extra_trees()
        self._options = options

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return both forests, see ``LocalisationMethod``; ValueError for frames without depth."""
        poses, focal_px = invert_pose(mapping_poses(frames)), frames[0].camera.focal
        kinds = [PixelTests.draw(generators.pairs, focal_px, scaled) for scaled in (True, False)]
        samples = draw_samples(
            frames, kinds, self._options.samples, generators.augmentation,
            progress.within(_SAMPLING_SHARE * progress.left_s))
        forests, cut_short = self._grown(samples, generators.augmentation,
                                         progress.within(progress.left_s))
        points = torch.from_numpy(samples[0].points).float()
        cloud = points[torch.linspace(0, len(points) - 1, min(_CLOUD_POINTS, len(points))).long()]
        # points come from depth itself: there is nothing to correct
        return Fitted(Forests(*zip(kinds, forests)).content(), poses.float(), cloud,
                      depth=DepthCorrection(), metadata={
                          'forests': list(map(_figures, forests, samples)), 'lens': None,
                          'cut_short': cut_short, 'depth_frames': len(frames)})

    def _grown(self, samples: list[Samples], rng: np.random.Generator,
               progress: MappingProgress) -> tuple[list[Forest], str]:
        """Return a Forest for each of some Samples that share the time, and what it cut short."""
        options = GrowingOptions(self._options.trees, jobs=torch.get_num_threads())
        forests, cut = [], set()
        for number, part in enumerate(samples):
            mine = _part_of(progress, number, len(samples))
            some = affordable(part, options, mine.deadline)
            forests.append(grow(some, rng, options, mine))
            cut |= {fewer_than(len(part.points), len(some.points), 'pixels'),
                    fewer_than(options.trees, len(forests[-1].roots), 'trees')}
        return forests, ', '.join(sorted(cut - {''}))


def _part_of(progress: MappingProgress, number: int, count: int) -> MappingProgress:
    """Return the progress of one of ``count`` like parts of a stage, the others before done."""
    def report(stage: str, fraction: float, text: str) -> None:
        progress.report(stage, (number + fraction) / count, f'{text}, forest {number + 1}')
    seconds = _GROWING_SHARE * progress.deadline.left_s / (count - number)
    return replace(progress.within(seconds), report=report)


def _figures(forest: Forest, samples: Samples) -> dict[str, int]:
    """Return the size of a forest as plain values."""
    return {'trees': len(forest.roots), 'leaves': len(forest.means),
            'samples': len(samples.points)}
