# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Plots of a comparison are whole SVG elements that show every method."""

from xml.etree import ElementTree

import pytest
from support.comparison.records import failed, frame, record, several

from scene_reloc_ros.evaluation.compare import table_rows
from scene_reloc_ros.evaluation.compare_plots import comparison_plots, plot_floor


@pytest.fixture(scope='module')
def plots():
    return comparison_plots(table_rows(several(30)))


def test_there_are_all_plots_and_a_floor_plan_a_method(plots):
    assert len(plots) == 6 + 6
    assert [caption for caption, _ in plots[6:]][0] == 'Floor plan, ace'


def test_every_plot_is_an_element_with_a_name_and_nothing_outside(plots):
    for caption, svg in plots:
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith('svg') and root.get('aria-label'), caption
        assert root.get('width') is None and root.get('viewBox')
        outside = [value for element in root.iter() for key, value in element.attrib.items()
                   if key.endswith('href') and not value.startswith(('#', 'data:'))]
        assert outside == []


def test_every_method_is_named_in_the_plots_of_all(plots):
    for _, svg in plots[:6]:
        for name in ('ace', 'cells', 'reference', 'retrieval', 'sift', 'hierarchical'):
            assert f'>{name}</text>' in svg
    assert '>nearest mapping view</text>' in plots[0][1]


def test_refused_frames_are_drawn_by_their_reason():
    frames = [frame(0, 0.01), frame(1, 0.5, accepted=False), frame(2, None)]
    assert 'too few inliers (2)' in plot_floor(table_rows([record('ace', frames)])[0])


def test_one_frame_no_pose_and_unknown_costs_can_be_drawn():
    rows = table_rows([record('old', [frame(0, None)], seconds=None), failed('forest')])
    assert len(comparison_plots(rows)) == 7
    assert comparison_plots(table_rows([failed('forest')])) == []
