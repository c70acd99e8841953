# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rows of a comparison: recalls, infinite errors, seeds, the ruler."""

import json
import math

import numpy as np
import pytest
from support.comparison.records import failed, frame, record, trust
import torch

from scene_reloc_ros.evaluation.compare import (
    answers_record,
    COLUMNS,
    errors,
    nearest_view,
    ORACLE,
    plain_row,
    row_of,
    table_rows,
)
from scene_reloc_ros.geometry.poses import se3_exp

FRAMES = [frame(0, 0.01), frame(1, 0.04), frame(2, 0.08, accepted=False), frame(3, 0.2),
          frame(4, None)]


def column(key):
    return next(column for column in COLUMNS if column.key == key)


def test_a_refused_pose_counts_before_the_refusal_and_not_after_it():
    row = row_of([record('ace', FRAMES)])
    assert row.mean('best_recall_10cm_5deg') == pytest.approx(0.6)
    assert row.mean('recall_10cm_5deg') == pytest.approx(0.4)
    assert row.mean('best_recall_25cm_10deg') == pytest.approx(0.8)
    assert row.mean('best_recall_2cm_2deg') == row.mean('recall_2cm_2deg') == pytest.approx(0.2)
    assert row.mean('accepted') == pytest.approx(0.6)
    assert row.mean('good_refused') == pytest.approx(1 / 3)


def test_a_missing_pose_is_infinitely_far_off():
    row = row_of([record('ace', FRAMES)])
    assert row.mean('median_m') == pytest.approx(0.08)
    assert math.isinf(row.mean('p95_m')) and math.isinf(row.mean('p95_deg'))
    assert column('p95_m').text(row.values['p95_m']) == '∞'
    assert plain_row(row)['values']['p95_m'] == {'mean': None, 'spread': None, 'infinite': True}
    most_missing = row_of([record('ace', [frame(0, 0.01), frame(1, None), frame(2, None)])])
    assert math.isinf(most_missing.mean('median_m'))


def test_errors_of_no_frame_are_none():
    assert [len(part) for part in errors([])] == [0, 0]


def test_seeds_give_mean_and_spread():
    rows = table_rows([record('ace', FRAMES, seed, map_bytes=size)
                       for seed, size in enumerate((1e6, 3e6))])
    assert [row.name for row in rows] == ['ace', ORACLE]
    assert plain_row(rows[0])['seeds'] == [0, 1]
    value = rows[0].values['map_bytes']
    assert value.mean == 2e6 and value.spread == pytest.approx(math.sqrt(2) * 1e6)
    assert column('map_bytes').text(value) == '2.00 ± 1.41'
    assert len(rows[0].frames) == 10


def test_what_is_unknown_is_a_dash():
    row = row_of([record('old', FRAMES, seconds=None, fit_s=None, peak_bytes=None)])
    assert column('mapping_s').text(row.values['mapping_s']) == '–'
    assert plain_row(row)['values']['mapping_s']['mean'] is None


def test_a_method_that_fails_is_a_row_with_its_reason():
    alone = row_of([failed('forest')])
    assert alone.failure == 'forest needs scikit-learn' and not alone.values
    assert math.isnan(alone.mean('median_m'))
    once = row_of([record('forest', FRAMES), failed('forest', seed=1)])
    assert once.failure.startswith('1 of 2 seeds failed') and once.values


def test_the_ruler_is_the_nearest_mapping_view():
    ruler = table_rows([failed('forest'), record('ace', FRAMES)])[-1]
    assert ruler.name == ORACLE
    assert ruler.mean('median_m') == pytest.approx(0.3)
    assert ruler.mean('median_deg') == pytest.approx(14.0)
    assert [row.name for row in table_rows([failed('forest')])] == ['forest']


def test_depth_is_told_from_no_depth():
    without = row_of([record('sift', FRAMES, mapped_with_depth=False, encoder=None)])
    assert without.needs == 'no depth to map' and not without.with_depth
    asked = row_of([record('sift', FRAMES, mapped_with_depth=False, query_depth=True)])
    assert asked.with_depth and 'depth to query' in asked.needs


def test_the_nearest_view_is_near_by_position_and_by_direction():
    truth = np.eye(4)
    views = se3_exp(torch.tensor([[0.3, 0, 0, 0, 0, 0], [0.1, 0, 0, 0, 1.5, 0],
                                  [0.9, 0, 0, 0, 0, 0]], dtype=torch.float64))
    metres, degrees = nearest_view(truth, views.float())
    assert metres == pytest.approx(0.3, abs=1e-6) and degrees == pytest.approx(0, abs=1e-3)


def test_answers_are_kept_as_plain_values(report):
    views = se3_exp(torch.zeros(1, 6))
    answers = json.loads(json.dumps(answers_record(report.frames, [], views), allow_nan=False))
    assert [round(f['error_m'], 3) for f in answers['frames']] == [0, 0.03, 0.08, 0.3, 0]
    assert [f['accepted'] for f in answers['frames']] == [True] * 4 + [False]
    assert answers['frames'][4]['reason'] == 'too_few_inliers'
    assert answers['trust']['false_accepts'] == trust(answers['frames'])['false_accepts'] == 1
    assert answers['latency_ms']['median'] == 12.0 and len(answers['views']) == 1
