# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Published figures: each with its data set, and an answer only where there is a counterpart."""

from scene_reloc_ros.evaluation.published import (
    answered_by,
    INDOOR,
    indoor_rows,
    note,
    NOTES,
    OTHER,
    other_rows,
)


def test_every_counterpart_is_published():
    names = {row.name for row in (*INDOOR, *OTHER)}
    assert [name for entry in NOTES.values() for name in entry.counterparts
            if name not in names] == []


def test_figures_are_shares_and_have_a_data_set():
    for row in INDOOR:
        figures = [row.seven_scenes_sfm, row.seven_scenes_dslam, row.twelve_scenes_sfm,
                   row.twelve_scenes_dslam]
        assert any(figure is not None for figure in figures)
        assert all(50 < figure <= 100 for figure in figures if figure is not None)
    assert all(row.dataset and row.error for row in OTHER)
    assert len({row.name for row in INDOOR}) == len(INDOOR)


def test_rows_are_those_that_the_methods_answer_to():
    assert [(row.name, ours) for row, ours in indoor_rows(['sift', 'cells', 'sift'])] == [
        ('Active Search', ['sift']), ('SANet', ['cells'])]
    assert {row.name for row, _ in other_rows(['cells'])} == {'SANet'}
    assert indoor_rows(['reference']) == [] and other_rows(['oracle']) == []


def test_no_method_is_called_by_the_name_of_the_published_system():
    assert answered_by('hLoc', ['hierarchical', 'ace']) == ['hierarchical']
    assert {entry.kind for entry in NOTES.values()} == {
        'published method, own training', 'published idea, own parts', 'peer library'}
    assert note('unheard of').kind == ''
