# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Markers of a coverage: every cell once, in the colour of its state, and the advice in words."""

import importlib
from pathlib import Path
import sys

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 client library is installed')

from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from scene_reloc_ros.pipeline.coverage.coverage_grid import Coverage, CoverageGrid
from scene_reloc_ros.ros.mapper.coverage_markers import coverage_markers

ROOT = Path(__file__).resolve().parents[3]
HEADER = Header(frame_id='map')
CENTRES = np.array([(x / 2 + 0.25, y / 2 + 0.25, 0.25) for x in range(4) for y in range(3)])
VIEWS = np.array([9] * 4 + [1] * 4 + [9] * 4)
PARALLAX = np.array([0.2] * 8 + [0.0] * 4)


@pytest.fixture
def coverage():
    """Return four good cells, four thin ones and four of a camera that turned."""
    route = np.array([[0.0, 0, 1], [1, 0, 1], [2, 0, 1]])
    return Coverage(CENTRES, VIEWS, PARALLAX, route, np.tile((0.0, 1.0, 0.0), (3, 1)))


def points_of(message, name):
    return [(p.x, p.y, p.z) for marker in message.markers if marker.ns == name
            for p in marker.points]


def test_each_cell_is_a_cube_of_its_state(coverage):
    message = coverage_markers(coverage, HEADER)
    assert message.markers[0].action == Marker.DELETEALL
    for name, mine in (('good', slice(0, 4)), ('thin', slice(4, 8)), ('turned', slice(8, 12))):
        np.testing.assert_allclose(points_of(message, name), CENTRES[mine])
    assert all(marker.header.frame_id == 'map' for marker in message.markers)


def test_route_and_looks_are_lines_between_pairs_of_points(coverage):
    message = coverage_markers(coverage, HEADER)
    assert points_of(message, 'route') == [(0, 0, 1), (1, 0, 1), (1, 0, 1), (2, 0, 1)]
    looks = np.array(points_of(message, 'looks')).reshape(3, 2, 3)
    np.testing.assert_allclose(looks[:, 1] - looks[:, 0], np.tile((0, 0.4, 0), (3, 1)))


def test_advice_stands_where_it_is_about_and_says_what_to_do(coverage):
    texts = [m for m in coverage_markers(coverage, HEADER).markers if m.ns == 'advice']
    assert [text.id for text in texts] == list(range(len(texts))) and texts
    assert any('few views show it' in text.text for text in texts)
    assert any('move sideways' in text.text for text in texts)


def test_no_view_is_nothing_but_the_removal_of_what_was_there():
    message = coverage_markers(CoverageGrid().coverage(), HEADER)
    assert [marker.action for marker in message.markers] == [Marker.DELETEALL]


def test_a_coverage_is_drawn_by_the_script_for_views(coverage):
    sys.path.insert(0, str(ROOT / 'scripts'))
    try:
        script = importlib.import_module('render_view')
    finally:
        sys.path.remove(str(ROOT / 'scripts'))
    arguments = script.parsed(['--out', 'unused.png', '--yaw', '-90', '--pitch', '60'])
    picture = script.drawn({'coverage': coverage_markers(coverage, HEADER)}, arguments)
    for colour in ((70, 220, 90), (255, 160, 40), (255, 80, 70)):
        near = (np.abs(picture.astype(int) - colour[::-1]) < 30).all(-1)
        assert near.sum() > 50
