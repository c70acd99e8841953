# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Sentences of a comparison follow from its rows."""

import pytest
from support.comparison.records import failed, frame, record, several

from scene_reloc_ros.evaluation.compare import row_of, table_rows
from scene_reloc_ros.evaluation.compare_ranking import (
    rank_correlation,
    sentences,
    view_distance_m,
)


def frames(errors):
    return [frame(index, error) for index, error in enumerate(errors)]


def said(*records):
    return '\n'.join(sentences(table_rows(records)))


def test_the_best_is_named_with_its_depth_and_those_level_with_it():
    best, level = frames([0.03] * 98 + [0.2] * 2), frames([0.04] * 97 + [0.2] * 3)
    text = said(record('cells', level), record('ace', best),
                record('sift', frames([0.03] * 50 + [0.2] * 50), mapped_with_depth=False))
    assert 'Most accurate: ace (with depth), 98.0%' in text
    assert 'cells (with depth) (97.0%, 4.0 cm) cannot be told from it with 100 answers' in text
    assert 'For a robot without depth: sift (without depth), 50.0%' in text


def test_what_is_cheap_but_answers_less_is_not_named():
    text = said(record('ace', frames([0.02] * 20), seconds=300),
                record('cells', frames([0.03] * 20), seconds=20, map_bytes=9e6),
                record('retrieval', frames([0.3] * 20), seconds=1, map_bytes=1e3))
    assert 'Quickest to map: cells (with depth), 20 s' in text
    assert 'Smallest map: ace (with depth), 2.5 MB' in text
    assert 'For a robot with no minutes: cells' in text


def test_what_is_missing_is_said():
    text = said(record('ace', frames([0.02] * 20), seconds=300))
    assert 'For a robot without depth: no method here' in text
    assert 'For a robot with no minutes: no method here mapped within a minute' in text
    assert 'sought' not in text
    text = said(record('ace', frames([0.5] * 20)))
    assert 'Most accurate: no method here placed' in text and 'robot with depth: no' in text
    alone = said(failed('forest'))
    assert 'nothing to rank' in alone and 'forest failed' in alone


def test_hard_frames_wrong_answers_and_the_ruler_are_told():
    text = said(record('ace', frames([0.02] * 19 + [0.5])),
                record('retrieval', frames([0.4] * 20)))
    assert '1 of 20 frames are farther off than 25 cm, 10 degrees with every method' in text
    assert 'retrieval accepted 20 gross errors of 20 queries' in text
    assert 'Not better than the nearest mapping view (30.0 cm) by the median: retrieval' in text


def test_an_error_that_grows_with_the_distance_is_found():
    far = [frame(i, 0.01 * (i + 1), nearest=(0.05 * i, 0.0)) for i in range(12)]
    assert rank_correlation(row_of([record('posenet', far)])) == pytest.approx(1.0)
    assert 'posenet (1.00)' in said(record('posenet', far))
    assert rank_correlation(row_of([record('posenet', far[:5])])) != 1.0


def test_a_view_that_is_turned_is_far():
    assert view_distance_m({'nearest_m': 0.3, 'nearest_deg': 0.0}) == pytest.approx(0.3)
    assert view_distance_m({'nearest_m': 0.0, 'nearest_deg': 28.648}) == pytest.approx(0.5, 1e-3)


def test_many_methods_give_whole_sentences():
    assert all(text.endswith(('.', 'scikit-learn'))
               for text in sentences(table_rows(several(30))))
