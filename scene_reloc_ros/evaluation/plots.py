# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of an evaluation: route, errors, and one frame with its inliers."""

from pathlib import Path

import cv2
import numpy as np

from scene_reloc_ros.evaluation.figures import new_figure


def plot_evaluation(report, sequence, scene_map, folder):
    """Write route.png, errors.png and inliers.png of a report into a folder; return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ('route.png', 'errors.png', 'inliers.png')]
    plot_route(report, scene_map, paths[0])
    plot_errors(report, paths[1])
    plot_inliers(report, sequence, paths[2])
    return paths


def plot_route(report, scene_map, path):
    """Draw the mapping cameras, the true and the estimated positions seen along two axes."""
    figure = new_figure(11, 5)
    truth = np.array([r.true_map_from_cam[:3, 3] for r in report.frames])
    found = np.array([r.localisation.map_from_cam[:3, 3] for r in report.frames
                      if r.localisation.accepted]).reshape(-1, 3)
    mapped = scene_map.positions.numpy()
    for axes, (a, b) in zip(figure.subplots(1, 2), ((0, 1), (0, 2))):
        axes.plot(mapped[:, a], mapped[:, b], '.', color='0.75', ms=3, label='mapping cameras')
        axes.plot(truth[:, a], truth[:, b], '-', color='tab:green', label='truth')
        axes.plot(found[:, a], found[:, b], '.', color='tab:blue', ms=4, label='localised')
        axes.set(xlabel=f'{"xyz"[a]} in the map (m)', ylabel=f'{"xyz"[b]} in the map (m)',
                 aspect='equal')
        axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def plot_errors(report, path):
    """Draw the errors over the frames and their cumulative distribution."""
    figure = new_figure(11, 6)
    curve, distribution = figure.subplots(2, 1)
    translation = 100 * np.array([r.translation_m for r in report.frames])
    rotation = np.array([r.rotation_deg for r in report.frames])
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
    figure.savefig(path)


def plot_inliers(report, sequence, path):
    """Draw the inlier cells of the middle accepted frame, coloured by depth."""
    accepted = [i for i, r in enumerate(report.frames) if r.localisation.accepted]
    index = accepted[len(accepted) // 2] if accepted else 0
    record = report.frames[index]
    image = sequence[index].image
    figure = new_figure(8, 6.2)
    axes = figure.subplots()
    axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image, cmap='gray')
    found = record.localisation
    if found.accepted:
        cam_from_map = np.linalg.inv(found.map_from_cam)
        depth = found.inlier_points @ cam_from_map[2, :3] + cam_from_map[2, 3]
        dots = axes.scatter(*found.inlier_pixels.T, c=depth, s=6, cmap='turbo')
        figure.colorbar(dots, label='depth of the scene coordinate (m)', shrink=0.8)
    axes.set(title=f'{record.name}: {found.inliers} of {found.cells} cells agree')
    axes.axis('off')
    figure.savefig(path)
