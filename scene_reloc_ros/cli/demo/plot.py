# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The picture of a demo: both routes from above, the errors, a camera frame with its inliers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
from matplotlib.axes import Axes
import numpy as np

from scene_reloc_ros.cli.demo.summary import demo_errors
from scene_reloc_ros.evaluation.plots import new_figure, save_figure

_BOUND_CM, _BOUND_DEG = 5.0, 5.0
_AXES = 'xyz'


def plot_demo(results: dict[str, Any], path: Path) -> None:
    """Write the picture of a demo.

    Args:
        results: what the conductor wrote: survey_route, frames, picture.
        path: of the PNG.
    """
    figure = new_figure(14, 9)
    axes = figure.subplot_mosaic([['routes', 'errors'], ['routes', 'picture']],
                                 width_ratios=(1.1, 1))
    _draw_routes(axes['routes'], results)
    _draw_errors(axes['errors'], results['frames'])
    _draw_picture(axes['picture'], results)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path)


def _draw_routes(axes: Axes, results: dict[str, Any]) -> None:
    survey = np.array(results['survey_route']).reshape(-1, 3)
    truth = np.array([np.array(f['map_from_cam_true'])[:3, 3] for f in results['frames']])
    estimates = np.array([np.array(f['map_from_cam'])[:3, 3] for f in results['frames']
                          if f['map_from_cam'] is not None]).reshape(-1, 3)
    spread = np.ptp(np.concatenate((survey, truth)), axis=0)
    first, second = sorted(np.argsort(spread)[1:])  # the plane in which the robot moves
    axes.plot(survey[:, first], survey[:, second], color='0.6', label='survey (mapped)')
    axes.plot(truth[:, first], truth[:, second], color='tab:blue', label='return (truth)')
    axes.plot(estimates[:, first], estimates[:, second], '.', color='tab:orange',
              label='return (~/pose)')
    axes.set_aspect('equal', adjustable='datalim')
    axes.set_xlabel(f'{_AXES[first]} in the map [m]')
    axes.set_ylabel(f'{_AXES[second]} in the map [m]')
    axes.set_title('Camera positions, in the plane of the largest motion')
    axes.legend()
    axes.grid(alpha=0.3)


def _draw_errors(axes: Axes, frames: list[dict[str, Any]]) -> None:
    translation, rotation = demo_errors(frames)
    index = np.arange(len(frames))
    seen = np.isfinite(translation)
    axes.semilogy(index[seen], 100 * translation[seen], '.-', color='tab:blue',
                  label='position [cm]')
    axes.semilogy(index[seen], rotation[seen], '.-', color='tab:orange',
                  label='rotation [degrees]')
    axes.axhline(_BOUND_CM, color='0.4', linestyle='--', linewidth=1,
                 label=f'{_BOUND_CM:.0f} cm, {_BOUND_DEG:.0f} degrees')
    if not seen.all():
        axes.plot(index[~seen], np.full((~seen).sum(), _BOUND_CM), 'x', color='tab:red',
                  label='not accepted')
    axes.set_xlabel('frame of the return')
    axes.set_title(f'Error of {int(seen.sum())} accepted of {len(frames)} frames')
    axes.legend(loc='upper right')
    axes.grid(alpha=0.3, which='both')


def _draw_picture(axes: Axes, results: dict[str, Any]) -> None:
    axes.axis('off')
    picture = cv2.imread(results['picture']) if results['picture'] else None
    if picture is None:
        axes.text(0.5, 0.5, 'no frame was accepted', ha='center', va='center')
        return
    axes.imshow(picture[:, :, ::-1])
    axes.set_title('Camera frame of the return with the inliers of its pose')
