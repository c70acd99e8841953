# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Plots of a comparison as SVG texts that stand inside a page."""

from __future__ import annotations

from collections.abc import Sequence
import io
import re
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
import numpy as np

from scene_reloc_ros.evaluation.compare import errors, ORACLE, Row
from scene_reloc_ros.evaluation.compare_ranking import view_distance_m
from scene_reloc_ros.evaluation.plots import new_figure

# Okabe and Ito: told apart by all eyes; with markers, for more methods than colours
_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
_MARKERS = 'osD^vPX*'
_STYLE: Any = {'svg.fonttype': 'none', 'svg.hashsalt': 'compare', 'font.size': 10,
               'font.family': 'sans-serif', 'axes.spines.top': False, 'axes.spines.right': False}
_SIZE = (5.2, 3.9)  # inches: readable on a telephone, two beside each other on a desk
_BOUNDS_M = np.geomspace(0.01, 1.0, 60)
_RECALL_DEG = 5.0
_ERROR_STEPS_CM = (0, 2, 5, 10, 25, 100)
_ERROR_COLOURS = ('#00224e', '#35618f', '#7f9fb0', '#e8c95c', '#e08030', '#a51d1d', '#d9d9d9')
_ERROR_NAMES = ('≤ 2 cm', '≤ 5 cm', '≤ 10 cm', '≤ 25 cm', '≤ 1 m', '> 1 m', 'no pose')
_NO_POSE_CM, _LARGEST_CM = 300.0, 200.0
_LEAST_BIN = 3  # frames behind a point of a line of medians


def comparison_plots(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return (caption, SVG text) of all plots of the rows of ``table_rows``."""
    methods = [row for row in rows if row.records]
    if not methods:
        return []
    ruler = next((row for row in rows if row.name == ORACLE), None)
    return [
        ('Share of frames within a bound on the position (and 5°): line, best pose; dashes, '
         'accepted', plot_recall(methods, ruler)),
        ('Accuracy over the size of the map', plot_tradeoff(
            methods, 'map_bytes', 1e-6, 'map, MB')),
        ('Accuracy over the minutes of mapping', plot_tradeoff(
            methods, 'mapping_s', 1 / 60, 'mapping, minutes')),
        ('Error over the distance to the nearest mapping view (29° count as 0.5 m): a line that '
         'climbs extrapolates', plot_extrapolation(methods)),
        ('Frames by method: where all fail the place is hard, where one fails it is the method; '
         'a dot is a refused pose', plot_frames(methods)),
        ('Gross errors accepted over good answers kept, by the bound on the probability (0.01 to '
         '0.99)', plot_acceptance(methods)),
        *((f'Floor plan, {row.name}', plot_floor(row)) for row in methods)]


def plot_recall(methods: Sequence[Row], ruler: Row | None) -> str:
    """Draw the recall over the bound on the position, 1 cm to 1 m."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _panel()
        for index, row in enumerate(methods):
            axes.plot(100 * _BOUNDS_M, _recalls(*errors(row.frames)), **_line(index),
                      label=row.name)
            axes.plot(100 * _BOUNDS_M, _recalls(*errors(row.frames, accepted_only=True)),
                      **{**_line(index), 'ls': '--', 'lw': 1})
        if ruler is not None:
            nearest = np.array([(frame['nearest_m'], frame['nearest_deg'])
                                for frame in methods[0].frames]).T
            axes.plot(100 * _BOUNDS_M, _recalls(*nearest), color='0.6', ls=':', label=ruler.name)
        axes.set(xscale='log', xlabel='bound on the position, cm', ylabel='% of frames',
                 xlim=(1, 100), ylim=(0, 101))
        _ticks(axes, 'x', (1, 2, 5, 10, 25, 50, 100))
        return _svg(figure, 'recall over the bound on the position')


def _recalls(metres: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    within = (metres[:, None] <= _BOUNDS_M) & (degrees <= _RECALL_DEG)[:, None]
    return 100 * within.mean(0)


def plot_tradeoff(methods: Sequence[Row], key: str, factor: float, label: str) -> str:
    """Draw the recall of accepted poses at 5 cm over a cost, a point a method."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _panel()
        for index, row in enumerate(methods):
            cost = factor * row.mean(key)
            if cost > 0:
                axes.plot(cost, 100 * row.mean('recall_5cm_5deg'), _MARKERS[index % 8], ms=9,
                          color=_colour(index), label=row.name)
        axes.set(xscale='log', xlabel=label, ylabel='accepted, within 5 cm and 5°, %',
                 ylim=(-3, 103))
        _plain_decades(axes)
        return _svg(figure, f'accuracy over {label}')


def plot_extrapolation(methods: Sequence[Row]) -> str:
    """Draw the error of every best pose over the distance to the nearest mapping view."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _panel()
        for index, row in enumerate(methods):
            far = np.array([view_distance_m(frame) for frame in row.frames])
            centimetres = 100 * errors(row.frames)[0]
            shown = np.where(np.isfinite(centimetres), np.minimum(centimetres, _LARGEST_CM),
                             _NO_POSE_CM)
            axes.plot(far, np.maximum(shown, 0.1), _MARKERS[index % 8], color=_colour(index),
                      ms=3, alpha=0.4, mec='none')
            axes.plot(*_medians(far, shown), **_line(index), marker=_MARKERS[index % 8], ms=4,
                      label=row.name)
        axes.axhline(_NO_POSE_CM, color='0.6', lw=0.6, ls=':')
        axes.set(yscale='log', xlabel='nearest mapping view, m (29° as 0.5 m)',
                 ylabel='position error, cm', ylim=(None, 1.3 * _NO_POSE_CM))
        _ticks(axes, 'y', (0.5, 1, 2, 5, 10, 25, 100))
        axes.text(1, _NO_POSE_CM, 'no pose ', transform=axes.get_yaxis_transform(), ha='right',
                  va='bottom', fontsize=7, color='0.4')
        return _svg(figure, 'error over the distance to the nearest mapping view')


def _medians(far: np.ndarray, values: np.ndarray) -> tuple[list[float], list[float]]:
    """Return medians of the distance and of the values, in five parts by distance at most."""
    parts = np.array_split(np.argsort(far), min(5, max(1, len(far) // _LEAST_BIN)))
    return ([float(np.median(far[part])) for part in parts],
            [float(np.median(values[part])) for part in parts])


def plot_frames(methods: Sequence[Row]) -> str:
    """Draw a strip of frames for every method, coloured by the error of the best pose."""
    with matplotlib.rc_context({**_STYLE, 'axes.spines.left': False, 'axes.spines.bottom': False}):
        height = 1.5 + 0.32 * len(methods)
        figure = new_figure(_SIZE[0], height)
        axes = figure.subplots()
        for number, row in enumerate(methods):
            frames = row.records[0]['answers']['frames']
            axes.imshow(_classes(frames)[None], aspect='auto', interpolation='nearest',
                        extent=(-0.5, len(frames) - 0.5, number + 0.42, number - 0.42),
                        cmap=ListedColormap(_ERROR_COLOURS),
                        norm=BoundaryNorm(np.arange(-0.5, 7), 7))
            refused = [index for index, frame in enumerate(frames)
                       if not frame['accepted'] and frame['error_m'] is not None]
            axes.plot(refused, [number] * len(refused), '.', color='white', ms=4, mec='black',
                      mew=0.4)
        longest = max(len(row.records[0]['answers']['frames']) for row in methods)
        axes.set(xlim=(-0.5, longest - 0.5), ylim=(len(methods) - 0.5, -0.5), xlabel='frame')
        axes.set_yticks(range(len(methods)), [row.name for row in methods])
        axes.tick_params(left=False)
        figure.legend(handles=[Patch(color=colour, label=name) for colour, name in zip(
            _ERROR_COLOURS, _ERROR_NAMES)], loc='outside lower center', ncols=4, fontsize=9,
            frameon=False)
        return _svg(figure, 'frames by method, coloured by error')


def _classes(frames: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return the number in _ERROR_NAMES of every frame."""
    centimetres = 100 * errors(frames)[0]
    classes = np.searchsorted(_ERROR_STEPS_CM[1:], centimetres)
    return np.where(np.isfinite(centimetres), classes, len(_ERROR_NAMES) - 1)


def plot_acceptance(methods: Sequence[Row]) -> str:
    """Draw what other bounds on the probability would accept, of good and of wrong answers."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _panel()
        for index, row in enumerate(methods):
            curve = row.records[0]['answers']['trust']['curve']
            kept = [100 * (point['acceptance_of_good'] or 0) for point in curve]
            wrong = [100 * point['false_accept_rate'] for point in curve]
            axes.plot(kept, wrong, **_line(index), marker=_MARKERS[index % 8], ms=4,
                      label=row.name)
        axes.set(xlabel='good answers kept, %', ylabel='gross errors accepted, % of queries',
                 xlim=(-2, 102))
        axes.set_ylim(-0.02 * max(1.0, axes.get_ylim()[1]), max(1.0, axes.get_ylim()[1]))
        return _svg(figure, 'gross errors accepted over good answers kept')


def plot_floor(row: Row) -> str:
    """Draw true, estimated and refused positions of the first seed, by the two widest axes."""
    answers = row.records[0]['answers']
    frames, views = answers['frames'], np.array(answers['views']).reshape(-1, 3)
    truth = np.array([frame['true_position'] for frame in frames])
    a, b = np.sort(np.argsort(np.ptp(np.vstack([views, truth]), axis=0))[1:])
    with matplotlib.rc_context(_STYLE):
        figure, axes = _panel()
        axes.plot(views[:, a], views[:, b], '.', color='0.7', ms=3, label='mapping views')
        _draw_answers(axes, frames, truth, (a, b))
        axes.plot(truth[:, a], truth[:, b], '.', color='black', ms=3, label='truth')
        both = np.vstack([views, truth])[:, (a, b)]
        low, high = both.min(0), both.max(0)
        margin = 0.15 * (high - low).max() + 0.05
        axes.set(xlabel=f'{"xyz"[a]} in the map, m', ylabel=f'{"xyz"[b]} in the map, m',
                 xlim=(low[0] - margin, high[0] + margin),
                 ylim=(low[1] - margin, high[1] + margin))
        axes.set_aspect('equal', 'box')
        return _svg(figure, f'floor plan of {row.name}')


def _draw_answers(axes: Axes, frames: Sequence[dict[str, Any]], truth: np.ndarray,
                  plane: tuple[int, int]) -> None:
    """Draw accepted positions tied to their truths, and refused frames by their reason."""
    groups: dict[str, list[int]] = {}
    for index, frame in enumerate(frames):
        groups.setdefault('accepted' if frame['accepted'] else frame['reason'], []).append(index)
    for index in groups.pop('accepted', []):
        ends = np.array([truth[index], frames[index]['position']])[:, plane]
        axes.plot(*ends.T, '-', color=_COLOURS[0], lw=0.8)
        axes.plot(*ends[1], 'o', color=_COLOURS[0], ms=4, mfc='none')
    axes.plot([], [], 'o-', color=_COLOURS[0], lw=0.8, ms=4, mfc='none', label='accepted')
    for number, (reason, indices) in enumerate(sorted(groups.items()), 1):
        axes.plot(*truth[indices][:, plane].T, 'X', color=_colour(number), ms=6,
                  label=f'{reason.replace("_", " ")} ({len(indices)})')


def _panel() -> tuple[Figure, Axes]:
    figure = new_figure(*_SIZE)
    axes = figure.subplots()
    axes.grid(alpha=0.25)
    return figure, axes


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _line(index: int) -> dict[str, Any]:
    return {'color': _colour(index), 'lw': 1.8}


def _ticks(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Label the given values of a logarithmic axis, in plain numbers."""
    axis = axes.xaxis if which == 'x' else axes.yaxis
    axis.set_ticks(values, [f'{value:g}' for value in values])
    axis.set_ticks([], minor=True)


def _plain_decades(axes: Axes) -> None:
    """Widen a logarithmic x axis to whole steps of 1, 2, 5 and label those."""
    steps = [base * 10.0 ** power for power in range(-3, 5) for base in (1, 2, 5)]
    points = [float(x) for line in axes.get_lines() for x in np.asarray(line.get_xdata())]
    points = points or [1.0]
    low = max(step for step in steps if step < min(points))
    high = min(step for step in steps if step > max(points))
    axes.set_xlim(low, high)
    shown = [step for step in steps if low <= step <= high]
    _ticks(axes, 'x', shown[::1 + len(shown) // 9])


def _svg(figure: Figure, title: str) -> str:
    """Return a figure as an SVG element that is as wide as its box, with a name for readers."""
    if figure.axes[0].get_legend_handles_labels()[0] and not figure.legends:
        figure.legend(loc='outside lower center', ncols=3, fontsize=9, frameon=False)
    buffer = io.StringIO()
    figure.savefig(buffer, format='svg', metadata={'Date': None, 'Creator': None})
    text = buffer.getvalue()
    text = re.sub(r'<metadata>.*?</metadata>', '', text[text.index('<svg'):], flags=re.S)
    opening = re.match(r'<svg[^>]*>', text)
    assert opening is not None
    view = re.search(r'viewBox="([^"]*)"', opening.group(0))
    assert view is not None
    return (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{view.group(1)}" role="img" aria-label="{title}">'
            + text[opening.end():])
