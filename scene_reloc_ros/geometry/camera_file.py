# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""camera.yaml as ROS ``camera_calibration`` writes it."""

from __future__ import annotations

from pathlib import Path

import yaml

from scene_reloc_ros.geometry.camera import Camera


def read_camera(path: str | Path) -> Camera:
    """Read a ``Camera`` from a calibration yaml; ValueError names the file and what is wrong."""
    path = Path(path)
    try:
        fields = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ValueError(f'camera file {path} does not exist; write one with camera_calibration'
                         ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'camera file {path} is no yaml ({error})') from error
    try:
        return Camera.from_camera_info(
            fields['image_width'], fields['image_height'], fields['camera_matrix']['data'],
            fields.get('distortion_coefficients', {}).get('data', ()),
            fields.get('distortion_model', ''))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'camera file {path} lacks the field {error}; expected the layout that '
                         'camera_calibration writes') from error
    except ValueError as error:
        raise ValueError(f'camera file {path}: {error}') from error


def write_camera(path: str | Path, camera: Camera, name: str = 'camera') -> None:
    """Write ``camera`` as a calibration yaml that ROS tools and ``read_camera`` understand."""
    k = [float(value) for value in camera.matrix.reshape(-1)]
    projection = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    distortion = list(camera.distortion) or [0.0] * 5
    model = 'plumb_bob' if camera.distortion_model == 'none' else camera.distortion_model
    fields = {
        'image_width': camera.width, 'image_height': camera.height, 'camera_name': name,
        'camera_matrix': {'rows': 3, 'cols': 3, 'data': k},
        'distortion_model': model,
        'distortion_coefficients': {'rows': 1, 'cols': len(distortion), 'data': distortion},
        'rectification_matrix': {'rows': 3, 'cols': 3,
                                 'data': [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]},
        'projection_matrix': {'rows': 3, 'cols': 4, 'data': projection}}
    Path(path).write_text(yaml.safe_dump(fields, sort_keys=False, default_flow_style=None))
