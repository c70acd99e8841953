# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The sentence on a calibration that does not fit: what the pictures say, and what to do."""

from __future__ import annotations

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.solver.free_camera import FREED
from scene_reloc_ros.uncertainty.calibration import CameraDoubt

_TOLD = 2.5  # deviations from which on a value is named beside the most surprising one
_LITTLE = 2.0  # deviations of a distortion within which it is none


def calibration_sentence(camera: Camera, doubt: CameraDoubt, known: Camera) -> str:
    """Return the sentence of a doubt.

    Args:
        camera: as stated.
        doubt: what its pictures say.
        known: the camera of the map.
    """
    surprises = doubt.surprises
    named = [name for name, surprise in zip(FREED, surprises)
             if surprise >= min(_TOLD, surprises.max())]
    parts = []
    if 'scale' in named:
        parts.append(_focal(camera, doubt, known))
    if 'shift_x' in named or 'shift_y' in named:
        parts.append(_centre(camera, doubt))
    if 'radial' in named:
        parts.append(_distortion(camera, doubt))
    return (f'{", and ".join(parts)}: recalibrate the camera, or give the calibration that '
            'belongs to these pictures; poses are not corrected, their covariances are larger')


def _focal(camera: Camera, doubt: CameraDoubt, known: Camera) -> str:
    scale, deviation = doubt.values[0], doubt.deviations[0]
    text = (f'the focal length looks like {camera.focal * (1 + scale):.1f} +- '
            f'{camera.focal * deviation:.1f} px, its calibration says {camera.focal:.1f}')
    resized = known.scaled(camera.width, camera.height).focal
    if abs(resized / camera.focal - 1 - scale) < max(0.02, 2 * deviation) < abs(scale):
        text += f' (the camera of the map has {resized:.1f})'
    return text


def _centre(camera: Camera, doubt: CameraDoubt) -> str:
    x, y = np.array((camera.cx, camera.cy)) + doubt.values[1:3] * (camera.fx, camera.fy)
    of_x, of_y = doubt.deviations[1:3] * (camera.fx, camera.fy)
    return (f'the principal point looks like ({x:.1f} +- {of_x:.1f}, {y:.1f} +- {of_y:.1f}) px, '
            f'its calibration says ({camera.cx:.1f}, {camera.cy:.1f})')


def _distortion(camera: Camera, doubt: CameraDoubt) -> str:
    radial, deviation = doubt.values[3], doubt.deviations[3]
    if camera.distortion_model == 'equidistant':
        return (f'the pictures are bent by a radial term of {radial:+.3f} +- {deviation:.3f} '
                'beside their calibration')
    stated = camera.distortion[0] if camera.distortion else 0.0
    whole, before = _radial_of(camera, radial), _radial_of(camera, 0.0)
    text = (f'the distortion k1 looks like {stated + whole - before:.3f} +- {deviation:.3f}, its '
            f'calibration says {stated:.3f}')
    if stated and abs(whole) < _LITTLE * deviation:
        text += ' (the pictures look rectified)'
    return text


def _radial_of(camera: Camera, radial: float) -> float:
    """Return the one radial coefficient that is nearest to a camera's own and a term beside it."""
    corner = np.hypot(camera.width / camera.fx, camera.height / camera.fy) / 2
    radii = np.linspace(0.1, 1.0, 30) * corner
    aside = radii * (1 + radial * radii ** 2)
    at = camera.project(np.stack((aside, 0 * radii, 0 * radii + 1), 1))[:, 0]
    bent = (at - camera.cx) / camera.fx / radii - 1
    return float((bent * radii ** 4).sum() / (radii ** 6).sum())
