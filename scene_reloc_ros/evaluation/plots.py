# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Plots of an evaluation: route, errors, one frame with its inliers, risk and coverage."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.evaluation.report import EvaluationReport
from scene_reloc_ros.files.outputs import write_whole
from scene_reloc_ros.geometry.chi_square import NEES_95
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.scene_map import SceneMap

_LARGEST_NEES = 30.0


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure that needs no display, its sides in inches."""
    figure = Figure(figsize=(width, height), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all; OSError where that is not possible."""
    content = BytesIO()
    figure.savefig(content, format='png')
    write_whole(path, content.getvalue())


def plot_evaluation(report: EvaluationReport, sequence: Sequence, scene_map: SceneMap,
                    folder: str | Path) -> list[Path]:
    """Write route.png, errors.png and inliers.png of a report into a folder; return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ('route.png', 'errors.png', 'inliers.png')]
    plot_route(report, scene_map, paths[0])
    plot_errors(report, paths[1])
    plot_inliers(report, sequence, paths[2])
    return paths


def plot_route(report: EvaluationReport, scene_map: SceneMap, path: Path) -> None:
    """Draw the mapping cameras, the true and the estimated positions seen along two axes."""
    figure = new_figure(11, 5)
    truth = np.array([r.truth[:3, 3] for r in report.frames if r.truth is not None])
    found = np.array([r.localisation.map_from_cam[:3, 3] for r in report.frames
                      if r.localisation.map_from_cam is not None]).reshape(-1, 3)
    mapped = scene_map.positions.numpy()
    for axes, (a, b) in zip(figure.subplots(1, 2), ((0, 1), (0, 2))):
        axes.plot(mapped[:, a], mapped[:, b], '.', color='0.75', ms=3, label='mapping cameras')
        axes.plot(truth[:, a], truth[:, b], '-', color='tab:green', label='truth')
        axes.plot(found[:, a], found[:, b], '.', color='tab:blue', ms=4, label='localised')
        axes.set(xlabel=f'{"xyz"[a]} in the map (m)', ylabel=f'{"xyz"[b]} in the map (m)',
                 aspect='equal')
        axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


def plot_errors(report: EvaluationReport, path: Path) -> None:
    """Draw the errors over the frames and their cumulative distribution."""
    figure = new_figure(11, 6)
    curve, distribution = figure.subplots(2, 1)
    metres, rotation = np.array([r.accepted_error for r in report.frames]).T
    translation = 100 * metres
    curve.semilogy(translation, '.-', lw=0.7, label='position (cm)')
    curve.semilogy(rotation, '.-', lw=0.7, label='rotation (degrees)')
    for index in np.flatnonzero(~np.isfinite(translation)):
        curve.axvline(index, color='tab:red', alpha=0.3)
    curve.set(xlabel='frame (red: rejected)', ylabel='error')
    curve.axhline(5, color='0.6', ls=':')
    curve.legend()
    ordered = np.sort(translation)
    distribution.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered))
    distribution.set(xlabel='position error (cm)', ylabel='share of all frames', xlim=(0, 20),
                     ylim=(0, 1))
    for axes in (curve, distribution):
        axes.grid(alpha=0.3)
    save_figure(figure, path)


def plot_inliers(report: EvaluationReport, sequence: Sequence, path: Path) -> None:
    """Draw the inlier cells of the middle accepted frame, coloured by depth."""
    accepted = [i for i, r in enumerate(report.frames) if r.accepted]
    index = accepted[len(accepted) // 2] if accepted else 0
    record = report.frames[index]
    image = sequence[index].image
    figure = new_figure(8, 6.2)
    axes = figure.subplots()
    axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image, cmap='gray')
    found = record.localisation
    if found.map_from_cam is not None:
        cam_from_map = invert_pose(found.map_from_cam)
        depth = found.inlier_points @ cam_from_map[2, :3] + cam_from_map[2, 3]
        u, v = found.inlier_pixels.T
        dots = axes.scatter(u, v, c=depth, s=6, cmap='turbo')
        figure.colorbar(dots, label='depth of the scene coordinate (m)', shrink=0.8)
    axes.set(title=f'{record.name}: {found.inliers} of {found.cells} cells agree')
    axes.axis('off')
    save_figure(figure, path)


def plot_trust(report: EvaluationReport, figures: dict[str, Any], path: Path) -> Path:
    """Draw NEES of accepted frames, reliability and acceptance; return the path.

    Args:
        report: EvaluationReport.
        figures: of ``trust_figures``.
        path: of the PNG.
    """
    figure = new_figure(14, 4.6)
    surprise, reliable, curve = figure.subplots(1, 3)
    _draw_nees(surprise, [r.nees for r in report.frames if r.nees is not None])
    _draw_reliability(reliable, figures['reliability'])
    _draw_curve(curve, figures['curve'])
    for axes in (surprise, reliable, curve):
        axes.grid(alpha=0.3)
    save_figure(figure, path)
    return path


def _draw_nees(axes: Axes, values: list[float]) -> None:
    edges = np.linspace(0, _LARGEST_NEES, 31).tolist()
    axes.hist(np.clip(values, 0, _LARGEST_NEES), edges, density=True, color='tab:blue', alpha=0.6,
              label=f'{len(values)} accepted frames')
    grid = np.linspace(0, _LARGEST_NEES, 200)
    axes.plot(grid, grid ** 2 * np.exp(-grid / 2) / 16, color='tab:orange',
              label='honest covariance (chi-square, 6)')
    axes.axvline(NEES_95, color='0.4', ls=':', label='95 % bound')
    axes.set(xlabel='squared error by its stated covariance (NEES)', ylabel='density',
             title='Are errors as large as stated?')
    axes.legend()


def _draw_reliability(axes: Axes, bins: list[dict[str, Any]]) -> None:
    axes.plot((0, 1), (0, 1), color='0.6', ls=':')
    stated, true = ([b[name] for b in bins] for name in ('probability', 'good'))
    axes.plot(stated, true, 'o-', color='tab:blue')
    for b in bins:
        axes.annotate(str(b['queries']), (b['probability'], b['good']), xytext=(4, -10),
                      textcoords='offset points', fontsize=8)
    axes.set(xlabel='stated probability', ylabel='share within 10 cm, 5 degrees',
             title='Is a probability what it says? (number of queries)', xlim=(-0.03, 1.03),
             ylim=(-0.03, 1.03))


def _draw_curve(axes: Axes, curve: list[dict[str, Any]]) -> None:
    false, kept = ([100 * (point[name] or 0) for point in curve]
                   for name in ('false_accept_rate', 'acceptance_of_good'))
    axes.plot(false, kept, 'o-', color='tab:blue')
    for point, x, y in zip(curve, false, kept):
        if point['probability'] in (0.01, 0.1, 0.5, 0.9, 0.99):
            axes.annotate(f'{point["probability"]:g}', (x, y), xytext=(5, -4),
                          textcoords='offset points', fontsize=8)
    axes.axvline(0.1, color='tab:red', ls=':', label='0.1 %')
    axes.set(xlabel='false accepts, % of all queries', ylabel='good answers accepted, %',
             title='What other bounds on the probability would do')
    axes.legend()
