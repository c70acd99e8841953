# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Map report: how good a map is, in figures and in words, and what to record more of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scene_reloc_ros.pipeline.frame_result import FrameResult, summarise

_GOOD, _FAIR = 0.9, 0.7  # share of the frames that are accepted and within 10 cm, 5 degrees
_MOST_RAY_DEVIATION = 0.15  # of a map's points along their rays, of their distance
_NAMED = 3  # places where to record more


def validation_summary(results: Sequence[FrameResult], blocks: Sequence[np.ndarray],
                       origin: Sequence[float] = (0.0, 0.0, 0.0),
                       cut_short: str = '') -> dict[str, Any]:
    """Return the figures of the results of some mapping frames as a dict of plain values.

    Args:
        results: one for each frame, block after block.
        blocks: index arrays of held-out frames; empty where the map was trained on the frames.
        origin: that the results are seen from, in the map frame, metres.
        cut_short: how far the mapping came where the clock ended it, '' where nothing did.
    """
    good = np.array([result.accepted and result.good for result in results])
    quality = _quality(results, blocks, good, origin)
    if cut_short and quality['quality'] != 'good':
        more_time = _more_time(cut_short)
        quality['advice'] = more_time if blocks else f'{more_time}; {quality["advice"]}'
    return {'held_out': bool(blocks), 'blocks': len(blocks), 'cut_short': cut_short,
            **summarise(results), **quality}


def with_parallax(check: dict[str, Any], deviation: float) -> dict[str, Any]:
    """Return the figures of a check, of poor quality where the views do not tell distances.

    Args:
        check: of ``validation_summary``.
        deviation: of points along their rays, of their distance (``ray_deviation``).
    """
    if deviation <= _MOST_RAY_DEVIATION:
        return check
    return {**check, 'quality': 'poor', 'advice': (
        'the camera hardly moved sideways, so that its views do not tell how far away things are: '
        'move sideways while recording, or record with depth')}


def quality_sentence(check: dict[str, Any]) -> str:
    """Return one sentence on the quality of a map, by its ``validation_summary``."""
    what = 'held-out' if check['held_out'] else 'mapping'
    sentence = (f'its quality is {check["quality"]}: {check["recall_10cm_5deg"]:.0%} of '
                f'{check["frames"]} {what} frames within 10 cm, 5 degrees')
    ended = f'the clock ended it after {check["cut_short"]}' if check['cut_short'] else ''
    return '; '.join(filter(None, (sentence, check['advice'] or ended)))


def _quality(results: Sequence[FrameResult], blocks: Sequence[np.ndarray],
             good: np.ndarray, origin: Sequence[float]) -> dict[str, str]:
    """Return the quality of the map, and one sentence on what to do about it."""
    share = float(np.mean(good))
    if not blocks:
        quality = 'unknown' if share >= _GOOD else 'poor'
        return {'quality': quality, 'advice': 'too few frames to hold some out: record 60 or '
                'more, so that the map can tell how good it is'}
    if share >= _GOOD:
        return {'quality': 'good', 'advice': ''}
    return {'quality': 'fair' if share >= _FAIR else 'poor',
            'advice': _advice(results, blocks, good, origin)}


def _more_time(cut_short: str) -> str:
    """Say that the clock, and not the recording, is what a map lacks."""
    return (f'the clock ended it after {cut_short}: allow more minutes, or take the preset fast '
            'or a machine with less to do')


def _advice(results: Sequence[FrameResult], blocks: Sequence[np.ndarray],
            good: np.ndarray, origin: Sequence[float]) -> str:
    """Name the places whose held-out frames were answered worst."""
    ends = np.cumsum([len(block) for block in blocks])
    parts = [np.arange(end - len(block), end) for end, block in zip(ends, blocks)]
    shares = [float(np.mean(good[part])) for part in parts]
    places = []
    for number in np.argsort(shares)[:_NAMED]:
        if shares[number] >= _GOOD:
            continue
        frames = [results[index] for index in parts[number]]
        x, y, z = origin + np.mean(
            [frame.truth[:3, 3] for frame in frames if frame.truth is not None], 0)
        places.append(f'({x:.1f}, {y:.1f}, {z:.1f}) m, frames {frames[0].name} to '
                      f'{frames[-1].name}')
    return 'record more views, slowly and from several sides, around ' + '; '.join(places)
