# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Comparison of methods: what the answers of a map come to as one row of a table.

A *record* is what is kept of one map in a JSON file, plain values only:

* ``name``, ``method``, ``seed``, ``failure`` (a sentence, or None),
* ``mapping``: ``seconds``, ``fit_s``, ``peak_bytes``; None where unknown,
* ``answers``: of ``answers_record``; None where the method failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.evaluation.risk_coverage import by_name, Group, trust_figures
from scene_reloc_ros.geometry.pose_error import pose_errors, recall, RECALL_BOUNDS, view_novelty
from scene_reloc_ros.pipeline.frame_result import FrameResult, GROSS_DEG, GROSS_M, summarise

Record = Mapping[str, Any]
BOUNDS = {**RECALL_BOUNDS, 'recall_25cm_10deg': (GROSS_M, GROSS_DEG)}
ORACLE = 'nearest mapping view'  # the best answer of a method that can only name a mapping view

_SAME_M, _SAME_DEG = 1e-4, 0.1  # poses of maps have single precision


@dataclass(frozen=True)
class Column:
    """A column of the table, and how its values are written."""

    key: str
    group: str
    title: str
    digits: int = 1
    factor: float = 1.0

    def text(self, value: Value) -> str:
        """Return a value as people read it: a dash where unknown, with its spread over seeds."""
        if math.isnan(value.mean):
            return '–'
        if math.isinf(value.mean):
            return '∞'
        shown = f'{self.factor * value.mean:.{self.digits}f}'
        if value.spread is None or not math.isfinite(value.spread):
            return shown
        return f'{shown} ± {self.factor * value.spread:.{self.digits}f}'


@dataclass(frozen=True)
class Value:
    """A figure of a row: the mean over seeds; NaN is unknown, infinite means no pose."""

    mean: float
    spread: float | None = None  # standard deviation over seeds; None of one


_BOUND_TITLES = {name: f'{100 * metres:.0f} cm {degrees:.0f}°'
                 for name, (metres, degrees) in BOUNDS.items()}
COLUMNS = (
    *(Column(f'best_{name}', 'best pose within, %', title, 1, 100)
      for name, title in _BOUND_TITLES.items()),
    *(Column(name, 'accepted and within, %', title, 1, 100)
      for name, title in _BOUND_TITLES.items()),
    Column('median_m', 'error of the best pose', 'median cm', 1, 100),
    Column('median_deg', 'error of the best pose', 'median °', 2),
    Column('p95_m', 'error of the best pose', '95 % cm', 1, 100),
    Column('p95_deg', 'error of the best pose', '95 % °', 2),
    Column('accepted', 'trust', 'accepted %', 1, 100),
    Column('gross_accepted', 'trust', 'gross errors accepted %', 2, 100),
    Column('good_refused', 'trust', 'good ones refused %', 1, 100),
    Column('nees', 'trust', 'NEES (6 is honest)', 1),
    Column('map_bytes', 'map', 'MB', 2, 1e-6),
    Column('weights_bytes', 'map', 'weights beside it MB', 1, 1e-6),
    Column('mapping_s', 'map', 'minutes', 2, 1 / 60),
    Column('fit_s', 'map', 'of it fit', 2, 1 / 60),
    Column('peak_bytes', 'map', 'peak GB', 2, 1e-9),
    Column('latency_ms', 'query', 'median ms', 0),
    Column('latency_p95_ms', 'query', '95 % ms', 0),
    Column('query_peak_bytes', 'query', 'peak GB', 2, 1e-9),
)


@dataclass(frozen=True)
class Row:
    """A method in the table: its figures over all seeds, or the reason for none."""

    name: str
    method: str
    values: dict[str, Value]
    needs: str
    failure: str | None = None
    records: tuple[Record, ...] = ()  # those that did not fail

    def mean(self, key: str) -> float:
        """Return the mean of a column, NaN where it is unknown."""
        return self.values[key].mean if key in self.values else math.nan

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The frames of all seeds."""
        return [frame for record in self.records for frame in record['answers']['frames']]

    @property
    def with_depth(self) -> bool:
        """Tell whether depth was used, to map or to query."""
        return any(record['answers']['mapped_with_depth'] or record['answers']['query_depth']
                   for record in self.records)


def nearest_view(truth: np.ndarray, views: torch.Tensor) -> tuple[float, float]:
    """Return metres and degrees from a pose (4, 4) to the least novel of views (F, 4, 4)."""
    pose = torch.as_tensor(truth, dtype=torch.float64)
    views = views.double()
    best = views[int(view_novelty(pose, views).argmin())]
    metres, degrees = pose_errors(best, pose)
    return float(metres), float(degrees)


def mapped_frames(record: Record) -> int:
    """Return how many of the frames asked for are mapping views themselves."""
    frames = [] if record['answers'] is None else record['answers']['frames']
    return sum(frame['nearest_m'] < _SAME_M and frame['nearest_deg'] < _SAME_DEG
               for frame in frames)


def frame_record(result: FrameResult, views: torch.Tensor) -> dict[str, Any]:
    """Return what a comparison keeps of a frame with a truth; None stands for no pose."""
    assert result.truth is not None
    pose, found = result.trace.pose, result.localisation
    nearest_m, nearest_deg = nearest_view(result.truth, views)
    return {
        'name': result.name, 'true_position': result.truth[:3, 3].tolist(),
        'position': None if pose is None else np.asarray(pose.map_from_cam)[:3, 3].tolist(),
        'error_m': None if pose is None else result.translation_m,
        'error_deg': None if pose is None else result.rotation_deg,
        'accepted': result.accepted, 'reason': result.reason,
        'probability': found.probability, 'nees': result.nees, 'latency_ms': found.latency_ms,
        'nearest_m': nearest_m, 'nearest_deg': nearest_deg}


def answers_record(results: Sequence[FrameResult], strangers: Sequence[FrameResult],
                   views: torch.Tensor) -> dict[str, Any]:
    """Return the plain values of the answers of a map.

    Args:
        results: of frames with known poses.
        strangers: of pictures of other places.
        views: (F, 4, 4) map_from_cam of the mapping frames.
    """
    latencies = [result.localisation.latency_ms for result in results]
    first = results[0].localisation
    return {**summarise(results), 'solver': first.solver, 'device': first.device,
            'latency_ms': {'median': float(np.median(latencies)),
                           'p95': float(np.percentile(latencies, 95))},
            'trust': trust_figures([Group('clean', results), *by_name(strangers)]),
            'frames': [frame_record(result, views) for result in results],
            'views': views[:, :3, 3].tolist()}


def errors(frames: Sequence[Mapping[str, Any]], accepted_only: bool = False,
           ) -> tuple[np.ndarray, np.ndarray]:
    """Return metres and degrees (N) of frame records, infinite without a pose.

    Args:
        frames: of ``frame_record``.
        accepted_only: a refused pose counts as none.
    """
    pairs = [(math.inf, math.inf) if frame['error_m'] is None
             or (accepted_only and not frame['accepted'])
             else (frame['error_m'], frame['error_deg']) for frame in frames]
    metres, degrees = np.array(pairs, float).reshape(-1, 2).T
    return metres, degrees


def run_values(record: Record) -> dict[str, float]:
    """Return the values of all columns of one record that did not fail."""
    answers, mapping = record['answers'], record['mapping']
    trust, frames = answers['trust'], answers['frames']
    kept = trust['acceptance_of_good']
    accepted = errors(frames, accepted_only=True)
    figures = {
        **_best_values(*errors(frames)),
        **{name: recall(*accepted, bounds) for name, bounds in BOUNDS.items()},
        'accepted': float(np.mean([frame['accepted'] for frame in frames])),
        'gross_accepted': trust['false_accept_rate'],
        'good_refused': None if kept is None else 1 - kept, 'nees': answers['nees_mean'],
        'map_bytes': answers['map_bytes'], 'weights_bytes': answers['weights_bytes'],
        'mapping_s': mapping['seconds'], 'fit_s': mapping['fit_s'],
        'peak_bytes': mapping['peak_bytes'], 'latency_ms': answers['latency_ms']['median'],
        'latency_p95_ms': answers['latency_ms']['p95'],
        'query_peak_bytes': answers['peak_bytes']}
    return {key: math.nan if value is None else float(value) for key, value in figures.items()}


def _best_values(metres: np.ndarray, degrees: np.ndarray) -> dict[str, float]:
    """Return recalls and quantiles of best poses, accepted or not."""
    return {**{f'best_{name}': recall(metres, degrees, bounds) for name, bounds in BOUNDS.items()},
            'median_m': float(np.median(metres)), 'median_deg': float(np.median(degrees)),
            'p95_m': float(np.percentile(metres, 95, method='higher')),
            'p95_deg': float(np.percentile(degrees, 95, method='higher'))}


def row_of(records: Sequence[Record]) -> Row:
    """Return the row of the records of one name, a record a seed."""
    first = records[0]
    whole = tuple(record for record in records if record['failure'] is None)
    failures = [record['failure'] for record in records if record['failure'] is not None]
    failure = failures[0] if failures else None
    if failure and whole:
        failure = f'{len(failures)} of {len(records)} seeds failed: {failure}'
    runs = [run_values(record) for record in whole]
    values = {column.key: _value([run[column.key] for run in runs]) for column in COLUMNS}
    return Row(first['name'], first['method'], values if runs else {},
               needs(whole[0]) if whole else '–', failure, whole)


def _value(numbers: Sequence[float]) -> Value:
    """Return mean and spread of what is known."""
    known = [number for number in numbers if not math.isnan(number)]
    if len(known) < 2 or math.inf in known:
        return Value(float(np.mean(known)) if known else math.nan)
    return Value(float(np.mean(known)), float(np.std(known, ddof=1)))


def oracle_row(records: Sequence[Record]) -> Row | None:
    """Return the row of the nearest mapping view, from the first record that did not fail."""
    whole = [record for record in records if record['failure'] is None]
    if not whole:
        return None
    nearest = [(frame['nearest_m'], frame['nearest_deg']) for frame in
               whole[0]['answers']['frames']]
    values = _best_values(*np.array(nearest).reshape(-1, 2).T)
    return Row(ORACLE, 'oracle', {key: Value(value) for key, value in values.items()},
               'the true pose: a ruler, not a method')


def needs(record: Record) -> str:
    """Return what a map needed to be made and to be asked, as one phrase."""
    answers = record['answers']
    parts = ['depth to map' if answers['mapped_with_depth'] else 'no depth to map',
             *(['depth to query'] if answers['query_depth'] else []),
             *answers['libraries'],
             *([f'encoder {answers["encoder"]}'] if answers['encoder'] else [])]
    return ', '.join(parts)


def table_rows(records: Sequence[Record]) -> list[Row]:
    """Return the rows of a comparison: one a name in the order of the records, then the oracle."""
    names = list(dict.fromkeys(record['name'] for record in records))
    rows = [row_of([record for record in records if record['name'] == name]) for name in names]
    oracle = oracle_row(records)
    return rows if oracle is None else [*rows, oracle]


def plain_row(row: Row) -> dict[str, Any]:
    """Return a row as plain values; an infinite mean is null and said to be infinite."""
    return {'name': row.name, 'method': row.method, 'needs': row.needs, 'failure': row.failure,
            'seeds': [record['seed'] for record in row.records],
            'values': {key: {'mean': value.mean if math.isfinite(value.mean) else None,
                             'spread': value.spread, 'infinite': math.isinf(value.mean)}
                       for key, value in row.values.items()}}
