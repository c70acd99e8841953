# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Markers of a recording's coverage: cells by state, the route, and where to record more."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import Point
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from scene_reloc_ros.pipeline.coverage.coverage_grid import (
    Advice,
    CELL_M,
    CellState,
    Coverage,
)

_COLOURS = {CellState.GOOD: (70, 220, 90), CellState.THIN: (255, 160, 40),
            CellState.TURNED: (255, 80, 70)}  # red, green, blue
_ROUTE = (255, 200, 60)
_SIZE = 0.6  # of a cube, of its cell
_LOOK_M, _LINE_M = 0.4, 0.02  # length of what shows where a view looked, width of lines
_TEXT_M = 0.25  # height of letters
_MOST_LOOKS = 500  # views whose direction is shown


def coverage_markers(coverage: Coverage, header: Header) -> MarkerArray:
    """Return all markers of a coverage; each message replaces the one before.

    Args:
        coverage: what has been seen, and from where.
        header: in the map frame.
    """
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for state, colour in _COLOURS.items():
        cells = coverage.of(state)
        if len(cells):
            markers.append(_cubes(header, state.value, cells, colour))
    if len(coverage.route):
        markers.append(_lines(header, 'route', _steps(coverage.route), _ROUTE))
        markers.append(_lines(header, 'looks', _looks(coverage), _ROUTE))
    markers += [_text(header, number, one) for number, one in enumerate(coverage.advice())]
    return MarkerArray(markers=markers)


def _steps(route: np.ndarray) -> np.ndarray:
    """Return the ends (2 N, 3) of the lines from view to view."""
    return np.stack((route[:-1], route[1:]), 1).reshape(-1, 3)


def _looks(coverage: Coverage) -> np.ndarray:
    """Return the ends (2 N, 3) of lines that say where views looked."""
    some = np.unique(np.linspace(0, len(coverage.route) - 1, _MOST_LOOKS).astype(int))
    start = coverage.route[some]
    return np.stack((start, start + _LOOK_M * coverage.headings[some]), 1).reshape(-1, 3)


def _cubes(header: Header, name: str, cells: np.ndarray,
           colour: tuple[int, int, int]) -> Marker:
    marker = _marker(header, name, Marker.CUBE_LIST, colour, 0.5)
    marker.scale.x = marker.scale.y = marker.scale.z = _SIZE * CELL_M
    marker.points = _points(cells)
    return marker


def _lines(header: Header, name: str, ends: np.ndarray, colour: tuple[int, int, int]) -> Marker:
    marker = _marker(header, name, Marker.LINE_LIST, colour, 1.0)
    marker.scale.x = _LINE_M
    marker.points = _points(ends)
    return marker


def _text(header: Header, number: int, advice: Advice) -> Marker:
    marker = _marker(header, 'advice', Marker.TEXT_VIEW_FACING, _COLOURS[advice.state], 1.0)
    marker.id = number
    marker.scale.z = _TEXT_M
    x, y, z = advice.position.tolist()
    marker.pose.position = Point(x=x, y=y, z=z)
    marker.text = advice.sentence
    return marker


def _points(places: Iterable[np.ndarray]) -> list[Point]:
    return [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in places]


def _marker(header: Header, name: str, kind: int, colour: tuple[int, int, int],
            alpha: float) -> Marker:
    red, green, blue = (value / 255 for value in colour)
    marker = Marker(header=header, ns=name, type=kind, action=Marker.ADD, frame_locked=True,
                    color=ColorRGBA(r=red, g=green, b=blue, a=alpha))
    marker.pose.orientation.w = 1.0
    return marker
