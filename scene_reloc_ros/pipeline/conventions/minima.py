# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The place where a cost of one variable is lowest: a grid, finer grids, a parabola."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_FINER = 4  # parts of a step in the next grid


def lowest(cost: Callable[[float], float], places: np.ndarray, fine: float) -> float:
    """Return where a cost is lowest.

    Args:
        cost: of a place; not finite where it is not known.
        places: (N,) evenly spaced, that are tried first.
        fine: step of the last grid, between whose places a parabola decides.
    """
    values = np.array([cost(place) for place in places])
    step = float(places[1] - places[0])
    while True:
        best = float(places[int(np.argmin(np.where(np.isfinite(values), values, np.inf)))])
        if step <= fine:
            return best + _vertex(places, values, best) * step
        step = max(step / _FINER, fine)
        places = best + step * np.arange(-_FINER, _FINER + 1)
        values = np.array([cost(place) for place in places])


def _vertex(places: np.ndarray, values: np.ndarray, best: float) -> float:
    """Return where the parabola through the best place and its neighbours is lowest, steps."""
    index = int(np.argmin(np.abs(places - best)))
    if not 0 < index < len(places) - 1:
        return 0.0
    before, here, after = values[index - 1:index + 2]
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend <= 0:
        return 0.0
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
