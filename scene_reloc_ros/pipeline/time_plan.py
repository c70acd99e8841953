# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How the time of a mapping is shared out between making a map and checking it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

import numpy as np

from scene_reloc_ros.mapping.progress import MappingProgress, TooLittleTime

_CHECK_SHARE = 0.3  # of the whole that choosing and checking may keep, at most
_PICTURE_S = 0.2  # that a picture of the check takes on two cores, with room to spare, seconds
_OTHERS = 180  # pictures of other places, and of places that may look alike, count
_CHOSEN = 150  # answers to held-out frames by which parts are chosen, count
_TRAINING_SHARE = 0.5  # of the whole that the work which lacked time may have had
_TOLERATED = 1.15  # of the time, before it is said that it was not kept
_LEAST_S = 1.0  # with less nothing is begun


def reserve_s(seconds: float, held_out: int, chooses_parts: bool) -> float:
    """Return what of the time of a mapping is kept for what follows the fit, seconds.

    Args:
        seconds: of the whole.
        held_out: frames that check the map.
        chooses_parts: whether held-out frames choose parts first.
    """
    # each with its depth and without, and then mapped
    pictures = 3 * held_out + (_OTHERS if held_out else 0) + chooses_parts * _CHOSEN
    return min(_CHECK_SHARE * seconds, _PICTURE_S * pictures)


def refuse_what_is_over(progress: MappingProgress) -> None:
    """Raise TooLittleTime where the time is over before anything is begun."""
    deadline = progress.deadline
    if deadline.left_s < _LEAST_S:
        raise TooLittleTime(f'{deadline.elapsed_s:.0f} s were over before the first frame was '
                            'read', 2 * deadline.elapsed_s)


def too_few_minutes(minutes: float, error: TooLittleTime) -> str:
    """Return the sentence that refuses a bound on the time, with a remedy."""
    needed = minutes + max(error.missing_s, 6.0) / 60 / _TRAINING_SHARE
    return (f'{minutes:g} minutes are too few here: {error}; allow at least '
            f'{math.ceil(10 * needed) / 10:g} minutes, or take the preset fast, another method, '
            'fewer frames or a machine with less to do')


def overrun(progress: MappingProgress) -> str:
    """Return what to say of a mapping that took longer than it was allowed, '' where none did."""
    deadline = progress.deadline
    if deadline.elapsed_s <= _TOLERATED * deadline.seconds:
        return ''
    took, bound = deadline.elapsed_s / 60, deadline.seconds / 60
    return (f'it took {took:.2g} minutes instead of {bound:.2g}: the least that a map and its '
            'check take here')


def thinned(blocks: Sequence[np.ndarray], share: float, least: int) -> list[np.ndarray]:
    """Return about a share of the frames of each block, evenly, of all blocks at least so many.

    Args:
        blocks: index arrays.
        share: of each that is kept; with 1 and more they are returned as they are.
        least: of all of them, where there are so many.
    """
    count = sum(map(len, blocks))
    share = max(share, least / max(count, 1))
    if share >= 1:
        return list(blocks)
    return [block[np.unique(np.linspace(0, len(block) - 1, math.ceil(share * len(block))).round()
                            .astype(int))] for block in blocks]


def cut_short(metadata: Mapping[str, Any]) -> str:
    """Return what the clock left no time for in a map, '' for nothing; of parts, those it has."""
    parts = {name: part or {} for name, part in metadata.get('parts', {}).items()}
    own = metadata.get('cut_short', '')
    if len(parts) < 2:
        return own
    return '; '.join(filter(None, (own, *(f'{name}: {part["cut_short"]}' for name, part in
                                          parts.items() if part.get('cut_short')))))
