# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Other cameras that a recording may be of: another focal length, or another size of picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from scene_reloc_ros.geometry.pixels import resized_coordinate
from scene_reloc_ros.pipeline.conventions.epipolar import pair_costs
from scene_reloc_ros.pipeline.conventions.minima import lowest
from scene_reloc_ros.pipeline.conventions.report import Mistake
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

_LARGEST = 2.6  # factor that is tried, and one over it
_COARSE = 37  # factors, count
_FINE = 0.01  # step of the logarithm of a factor in the end


@dataclass(frozen=True)
class CameraAlternative:
    """A camera that is the given one but for a factor."""

    mistake: Mistake
    factor: float  # of the focal lengths; of a scaled camera of the principal point, too

    def of(self, pairs: ViewPairs) -> ViewPairs:
        """Return pairs as this camera sees them.

        Lens distortion is left as the given camera has it.
        """
        given = pairs.camera
        cx, cy = given.cx, given.cy
        if self.mistake is Mistake.SCALED_CAMERA:
            cx, cy = (resized_coordinate(value, self.factor) for value in (cx, cy))
        camera = replace(given, fx=given.fx * self.factor, fy=given.fy * self.factor, cx=cx, cy=cy)
        focal, centre = np.array((given.fx, given.fy)), np.array((given.cx, given.cy))
        first, second = ((plane * focal + centre - (camera.cx, camera.cy))
                         / (camera.fx, camera.fy) for plane in (pairs.first, pairs.second))
        return replace(pairs, first=first, second=second, camera=camera)


def camera_alternatives(relative: np.ndarray,
                        pairs: ViewPairs) -> list[tuple[CameraAlternative, np.ndarray]]:
    """Return the best camera of each kind, and its costs (P,).

    Args:
        relative: (P, 4, 4) second_from_first.
        pairs: P pairs.
    """
    found = []
    for mistake in (Mistake.WRONG_CAMERA, Mistake.SCALED_CAMERA):
        costs = _costs_by_factor(mistake, relative, pairs)
        wide = np.linspace(-np.log(_LARGEST), np.log(_LARGEST), _COARSE)
        logarithm = lowest(costs, wide, _FINE)
        best = CameraAlternative(mistake, float(np.exp(logarithm)))
        found.append((best, pair_costs(relative, best.of(pairs))))
    return found


def _costs_by_factor(mistake: Mistake, relative: np.ndarray,
                     pairs: ViewPairs) -> Callable[[float], float]:
    def cost(logarithm: float) -> float:
        seen = CameraAlternative(mistake, float(np.exp(logarithm))).of(pairs)
        return float(pair_costs(relative, seen).mean())
    return cost


def sentence_of(alternative: CameraAlternative, pairs: ViewPairs) -> str:
    """Return what is wrong with the camera and what to do."""
    given, factor = pairs.camera, alternative.factor
    if alternative.mistake is Mistake.SCALED_CAMERA:
        return (f'the camera is calibrated for pictures {1 / factor:.2f} times the size of these: '
                f'multiply its focal lengths and principal point by {factor:.3f}, or record '
                'pictures of that size')
    return (f'the focal length of the camera is wrong: the pictures say {factor:.3f} times what '
            f'it has ({given.focal:.0f} pixels at a height of {given.height}); use the '
            'calibration of this camera at this resolution')
