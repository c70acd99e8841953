# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Picture of a recording: route and coverage from above and aside, motion, depth on a picture."""

from __future__ import annotations

from pathlib import Path
import textwrap

import cv2
from matplotlib.axes import Axes
import numpy as np

from scene_reloc_ros.evaluation.plots import new_figure, save_figure
from scene_reloc_ros.evaluation.recording_report import plan_axes, RecordingReport
from scene_reloc_ros.pipeline.coverage.coverage_grid import CellState

STATE_COLOURS = {CellState.GOOD: 'tab:green', CellState.THIN: 'tab:orange',
                 CellState.TURNED: 'tab:red'}
_MEANINGS = {CellState.GOOD: 'seen often, from apart', CellState.THIN: 'few views',
             CellState.TURNED: 'the camera only turned'}
_ARROWS = 60  # of headings, at most
_TITLE = 130  # characters of a line


def plot_recording(report: RecordingReport, title: str, folder: str | Path) -> Path:
    """Write recording.png into a folder; return its path.

    Args:
        report: of the recording.
        title: its name.
        folder: that is made where it is missing.
    """
    figure = new_figure(13, 10)
    (plan, side), (motion, picture) = figure.subplots(2, 2)
    right, ahead = plan_axes(report.up)
    _draw_coverage(plan, report, (right, ahead))
    plan.set(title='from above', xlabel='m', ylabel='m', aspect='equal')
    plan.legend(loc='best', fontsize=7, framealpha=0.6)
    _draw_coverage(side, report, (right, report.up))
    side.set(title='from aside', xlabel='m', ylabel='m, up', aspect='equal')
    _draw_motion(motion, report.route)
    _draw_sample(picture, report)
    said = '\n'.join(textwrap.wrap(report.conventions.sentence, _TITLE))
    wrong = bool(report.conventions.findings)
    figure.suptitle(f'{title}: {report.frames} frames, {report.length_m:.1f} m in '
                    f'{report.seconds:.0f} s\n{said}', fontsize=10,
                    color='tab:red' if wrong else 'black')
    path = Path(folder) / 'recording.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path)
    return path


def _draw_coverage(axes: Axes, report: RecordingReport,
                   onto: tuple[np.ndarray, np.ndarray]) -> None:
    """Draw cells, route, headings and advice, projected onto two unit vectors (3,)."""
    frame = np.stack(onto)
    for state, colour in STATE_COLOURS.items():
        cells = report.coverage.of(state) @ frame.T
        axes.plot(cells[:, 0], cells[:, 1], 's', color=colour, ms=4, alpha=0.35,
                  label=f'{_MEANINGS[state]} ({len(cells)} cells)')
    route = report.route[:, :3, 3] @ frame.T
    axes.plot(route[:, 0], route[:, 1], '-', color='black', lw=1, label='route')
    some = np.unique(np.linspace(0, len(route) - 1, min(_ARROWS, len(route))).astype(int))
    heading = report.route[some, :3, 2] @ frame.T
    axes.quiver(route[some, 0], route[some, 1], heading[:, 0], heading[:, 1], color='tab:blue',
                angles='xy', width=0.003, scale=18)
    for one in report.coverage.advice():
        x, y = frame @ one.position
        axes.annotate('record more here', (x, y), fontsize=8, weight='bold',
                      color=STATE_COLOURS[one.state], ha='center')
    axes.grid(alpha=0.3)


def _draw_motion(axes: Axes, route: np.ndarray) -> None:
    """Draw how far the camera moved and turned from frame to frame."""
    moved = np.linalg.norm(np.diff(route[:, :3, 3], axis=0), axis=1)
    cosine = (np.einsum('nij,nij->n', route[:-1, :3, :3], route[1:, :3, :3]) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    axes.plot(100 * moved, lw=0.8, label='moved (cm)')
    axes.plot(turned, lw=0.8, label='turned (degrees)')
    axes.set(title='motion from frame to frame', xlabel='frame')
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def _draw_sample(axes: Axes, report: RecordingReport) -> None:
    """Draw a picture, its depth over it, and the principal point of the camera."""
    axes.axis('off')
    if report.sample is None:
        return
    image, camera, depth_m = report.sample.image, report.camera, report.sample.depth_m
    axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image, cmap='gray')
    if depth_m is not None:
        known = np.where(depth_m > 0, depth_m, np.nan)
        shown = axes.imshow(known, cmap='turbo', alpha=0.35, extent=(
            -0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5))
        axes.figure.colorbar(shown, ax=axes, label='depth (m)', shrink=0.7)
    axes.plot(camera.cx, camera.cy, '+', color='white', ms=14)
    axes.set(title=f'{report.sample.name}: {camera.width}x{camera.height}, f {camera.fx:.0f} '
                   f'{camera.fy:.0f}, centre {camera.cx:.0f} {camera.cy:.0f}')
