# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Closing sentences of a comparison, made by rule from its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import math

import numpy as np

from scene_reloc_ros.evaluation.compare import errors, ORACLE, Row
from scene_reloc_ros.geometry.pose_error import UNIT_M, UNIT_RAD
from scene_reloc_ros.pipeline.frame_result import GROSS_DEG, GROSS_M

_USABLE_SHARE = 0.8  # of the best recall at 10 cm: what is cheap but answers less is not named
_NO_MINUTES_S = 60.0
_EXTRAPOLATES = 0.3  # rank correlation of error and distance to the nearest view, from here on
_LEAST_FRAMES = 10  # for a correlation
_RECALL = 'recall_5cm_5deg'
_WIDE = 'recall_10cm_5deg'


def sentences(rows: Sequence[Row]) -> list[str]:
    """Return the sentences that the rows of ``table_rows`` give reason for."""
    methods = [row for row in rows if row.records]
    said = [f'{row.name} failed: {row.failure}' for row in rows if row.failure]
    if not methods:
        return [*said, 'No method gave a map, so there is nothing to rank.']
    return [_most_accurate(methods), *_cheapest(methods), *_for_robots(methods),
            *_hard_frames(methods), *_extrapolation(methods), *_wrong(methods),
            *_worse_than_the_ruler(rows, methods), *said]


def _most_accurate(rows: Sequence[Row], who: str = 'Most accurate') -> str:
    best = max(rows, key=lambda row: (row.mean(_RECALL), -row.mean('median_m')))
    share = best.mean(_RECALL)
    if not best.mean(_WIDE):
        return f'{who}: no method here placed and accepted a frame within 10 cm, 5 degrees.'
    level = [row for row in rows if row is not best
             and share - row.mean(_RECALL) <= _standard_error(share, len(best.frames))]
    text = (f'{who}: {_named(best)}, {share:.1%} accepted and within 5 cm, 5 degrees, '
            f'median {_centimetres(best)}')
    if level:
        text += ('; ' + ' and '.join(f'{_named(row)} ({row.mean(_RECALL):.1%}, '
                                     f'{_centimetres(row)})' for row in level)
                 + f' cannot be told from it with {len(best.frames)} answers')
    return text + '.'


def _standard_error(share: float, count: int) -> float:
    """Return that of a share; of 0 and 1 as if one frame had been the other way."""
    share = min(max(share, 1 / count), 1 - 1 / count) if count > 1 else 0.5
    return math.sqrt(share * (1 - share) / count)


def _named(row: Row) -> str:
    return f'{row.name} ({"with" if row.with_depth else "without"} depth)'


def _centimetres(row: Row) -> str:
    metres = row.mean('median_m')
    return f'{100 * metres:.1f} cm' if math.isfinite(metres) else 'infinite'


def _usable(rows: Sequence[Row]) -> list[Row]:
    bound = _USABLE_SHARE * max(row.mean(_WIDE) for row in rows)
    return [row for row in rows if row.mean(_WIDE) >= bound and row.mean(_WIDE) > 0]


def _cheapest(rows: Sequence[Row]) -> list[str]:
    """Return who is least by minutes, size and time of a query, among those that answer."""
    said = []
    for key, what, shown in (
            ('mapping_s', 'Quickest to map', _duration),
            ('map_bytes', 'Smallest map', lambda value: f'{value / 1e6:.2g} MB'),
            ('latency_ms', 'Quickest to answer', lambda value: f'{value:.0f} ms')):
        known = [row for row in _usable(rows) if not math.isnan(row.mean(key))]
        if len(known) > 1:
            said.append(_least(known, key, what, shown))
    return [f'The next {len(said)} are sought among methods that place at least '
            f'{_USABLE_SHARE:.0%} as many frames within 10 cm as the best.', *said] if said else []


def _duration(seconds: float) -> str:
    return f'{seconds:.0f} s' if seconds < 60 else f'{seconds / 60:.1f} minutes'


def _least(rows: Sequence[Row], key: str, what: str, shown: Callable[[float], str]) -> str:
    best = min(rows, key=lambda row: row.mean(key))
    return (f'{what}: {_named(best)}, {shown(best.mean(key))}, with {best.mean(_WIDE):.1%} '
            f'within 10 cm.')


def _for_robots(rows: Sequence[Row]) -> list[str]:
    """Return the choice for a robot with depth, without depth, with no minutes."""
    quick = [row for row in rows if row.mean('mapping_s') <= _NO_MINUTES_S]
    choices = (('For a robot with depth', [row for row in rows if row.with_depth],
                'no method here used depth'),
               ('For a robot without depth', [row for row in rows if not row.with_depth],
                'no method here was mapped and asked without depth; try --depth off'),
               ('For a robot with no minutes', quick, 'no method here mapped within a minute'))
    return [_most_accurate(some, who) if some else f'{who}: {none}.'
            for who, some, none in choices]


def _hard_frames(rows: Sequence[Row]) -> list[str]:
    """Return a sentence on the frames that no method places, where there are several methods."""
    counts = {len(row.records[0]['answers']['frames']) for row in rows}
    if len(rows) < 2 or len(counts) > 1:
        return []
    missed = [(metres > GROSS_M) | (degrees > GROSS_DEG) for metres, degrees in (
        errors(row.records[0]['answers']['frames']) for row in rows)]
    hard = int(np.all(missed, axis=0).sum())
    if not hard:
        return ['Every frame is placed within 25 cm, 10 degrees by at least one method.']
    return [f'{hard} of {counts.pop()} frames are farther off than 25 cm, 10 degrees with every '
            'method: there the place is hard, not the method.']


def view_distance_m(frame: dict[str, float]) -> float:
    """Return how far the nearest mapping view is, metres: 29 degrees count as half a metre."""
    turned = math.radians(frame['nearest_deg']) / UNIT_RAD
    return UNIT_M * math.hypot(frame['nearest_m'] / UNIT_M, turned)


def rank_correlation(row: Row) -> float:
    """Return Spearman's correlation of the error with ``view_distance_m``; NaN of few frames."""
    frames = [frame for frame in row.frames if frame['error_m'] is not None]
    if len(frames) < _LEAST_FRAMES:
        return math.nan
    far, error = (np.argsort(np.argsort(values)) for values in (
        [view_distance_m(frame) for frame in frames], [frame['error_m'] for frame in frames]))
    return float(np.corrcoef(far, error)[0, 1])


def _extrapolation(rows: Sequence[Row]) -> list[str]:
    found = [(row.name, rank_correlation(row)) for row in rows]
    grows = [f'{name} ({value:.2f})' for name, value in found if value >= _EXTRAPOLATES]
    return [f'The error grows with the distance to the nearest mapping view: {", ".join(grows)} '
            '(rank correlation).'] if grows else []


def _wrong(rows: Sequence[Row]) -> list[str]:
    trusts = {row.name: [record['answers']['trust'] for record in row.records] for row in rows}
    wrong = {name: sum(trust['false_accepts'] for trust in some)
             for name, some in trusts.items()}
    if not any(wrong.values()):
        return ['No method accepted a gross error, of '
                f'{min(sum(t["queries"] for t in some) for some in trusts.values())} queries '
                'each at least.']
    return [f'{name} accepted {count} gross errors of '
            f'{sum(trust["queries"] for trust in trusts[name])} queries.'
            for name, count in wrong.items() if count]


def _worse_than_the_ruler(rows: Sequence[Row], methods: Sequence[Row]) -> list[str]:
    ruler = next((row for row in rows if row.name == ORACLE), None)
    if ruler is None:
        return []
    worse = [row.name for row in methods if row.mean('median_m') >= ruler.mean('median_m')]
    return [f'Not better than the nearest mapping view ({_centimetres(ruler)}) by the median: '
            f'{", ".join(worse)}.'] if worse else []
