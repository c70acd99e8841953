# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Scale of poses against depth: distances that poses triangulate, beside measured ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_reloc_ros.pipeline.conventions.epipolar import chords_px, parallaxes_px
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

_PARALLAX_PX, _ERROR_PX = 5.0, 3.0  # of a match that tells a distance: at least, at most
_ENOUGH = 60  # matches, count
_BLOCKS = 6  # of matches in the order of time, that have to agree
_AGREEING = 1.25  # factor within which their medians have to lie of each other
# Largest ratio of sensors and poses that are right; where poses or camera had to be put right
# first, what is left of that is in the ratio as well.
RIGHT_RATIO, RIGHT_RATIO_MENDED = 1.2, 2.0


@dataclass(frozen=True)
class DepthScale:
    """How measured distances compare with those that the poses tell."""

    ratio: float  # measured over triangulated, median
    matches: int  # that told it
    right: float = RIGHT_RATIO  # largest one that is no mistake

    @property
    def wrong(self) -> bool:
        """Tell whether poses and depth are in different units."""
        return not 1 / self.right < self.ratio < self.right

    @property
    def sentence(self) -> str:
        """Return what is wrong and what to do."""
        return (f'poses and depth are not in the same unit: depth says {self.ratio:.3g} times the '
                'distance that the poses do; files have depth in 1/1000 m (7-Scenes) or 1/5000 m '
                '(recordings), poses in metres')


def depth_scale(relative: np.ndarray, pairs: ViewPairs) -> DepthScale | None:
    """Return the DepthScale of pairs, None where too few matches tell it or they disagree.

    Args:
        relative: (P, 4, 4) second_from_first.
        pairs: P pairs with depths.
    """
    inverse, chords = chords_px(relative, pairs)
    told = ((pairs.depths > 0) & (inverse > 0) & (np.linalg.norm(chords, axis=1) < _ERROR_PX)
            & (parallaxes_px(relative, pairs, inverse) > _PARALLAX_PX))
    ratios = np.log(pairs.depths[told] * inverse[told])
    if len(ratios) < _ENOUGH:
        return None
    medians = np.array([np.median(block) for block in np.array_split(ratios, _BLOCKS)])
    middle = np.median(medians)
    if np.mean(np.abs(medians - middle) < np.log(_AGREEING)) < 0.6:
        return None
    return DepthScale(float(np.exp(np.median(ratios))), len(ratios))
