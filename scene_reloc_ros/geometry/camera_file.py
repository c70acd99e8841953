# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""camera.yaml in the forms that ROS tools write.

``camera_calibration`` and ``camera_info_manager`` have image_width, camera_matrix.data and so on;
``ros2 topic echo --once camera_info`` has the fields of the message: width, k and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import DepthRange
from scene_reloc_ros.geometry.text_files import read_text

# what a file may call them
_WIDTH, _HEIGHT = ('image_width', 'width'), ('image_height', 'height')
_MATRIX, _DISTORTION = ('camera_matrix', 'k', 'K'), ('distortion_coefficients', 'd', 'D')
_PROJECTION, _RANGE = ('projection_matrix', 'p', 'P'), ('depth_range',)

_REMEDY = ('write the file with camera_calibration, or save what ros2 topic echo --once '
           'camera_info says')


def read_camera(path: str | Path, rectified: bool = False) -> Camera:
    """Read a ``Camera`` from a calibration yaml; ValueError names the file and what is wrong.

    Args:
        path: of the file.
        rectified: its pictures are rectified: the camera is that of projection_matrix, without
            distortion.
    """
    fields = _read_fields(path)
    try:
        size = _whole(fields, _WIDTH), _whole(fields, _HEIGHT)
        if rectified:
            return Camera.from_projection(*size, _required(fields, _PROJECTION))
        return Camera.from_camera_info(*size, _required(fields, _MATRIX),
                                       _numbers(fields, _DISTORTION),
                                       str(fields.get('distortion_model') or ''))
    except ValueError as error:
        raise ValueError(f'camera file {path}: {error}') from error


def read_depth_range(path: str | Path) -> DepthRange:
    """Return the range that a calibration yaml states for the depth beside the pictures.

    It is the field ``depth_range: [nearest, farthest]``, metres, which ROS tools do not write; any
    depth is taken where it is missing. ValueError names the file.
    """
    fields = _read_fields(path)
    try:
        bounds = _numbers(fields, _RANGE)
        if bounds and len(bounds) != 2:
            raise ValueError(f'its field depth_range has {len(bounds)} numbers; expected the '
                             'nearest and the farthest depth, metres')
        return DepthRange(*bounds)
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


def _read_fields(path: str | Path) -> dict[str, Any]:
    """Return the fields of the first document; ``ros2 topic echo`` ends each with a line."""
    try:
        documents = list(yaml.safe_load_all(read_text(path)))
    except FileNotFoundError:
        raise ValueError(f'camera file {path} does not exist; write one with camera_calibration'
                         ) from None
    except OSError as error:
        raise ValueError(f'camera file {path} cannot be read ({error.strerror})') from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f'camera file {path} is no yaml ({error})') from error
    if not documents or not isinstance(documents[0], dict):
        raise ValueError(f'camera file {path} holds no fields; {_REMEDY}')
    return documents[0]


def _whole(fields: dict[str, Any], names: tuple[str, ...]) -> int:
    value = _required(fields, names)[0]
    if not value.is_integer():
        raise ValueError(f'its field {names[0]} is {value}; expected a whole number of pixels')
    return int(value)


def _required(fields: dict[str, Any], names: tuple[str, ...]) -> list[float]:
    numbers = _numbers(fields, names)
    if not numbers:
        raise ValueError(f'it lacks the field {names[0]}, or its numbers; {_REMEDY}')
    return numbers


def _numbers(fields: dict[str, Any], names: tuple[str, ...]) -> list[float]:
    """Return the numbers of a field, row by row; none where it is missing or null."""
    found = next((fields[name] for name in names if name in fields), None)
    try:
        return list(_flat(found))
    except (TypeError, ValueError):
        raise ValueError(f'its field {names[0]} is {str(found)[:80]!r}; expected numbers, row by '
                         f'row; {_REMEDY}') from None


def _flat(value: Any) -> Iterator[float]:
    """Yield the numbers of a list, of lists in it, or of the data of a matrix."""
    if isinstance(value, dict):
        value = value.get('data')
    if isinstance(value, list):
        for part in value:
            if part is None:
                raise TypeError('a number is missing')
            yield from _flat(part)
    elif isinstance(value, bool):
        raise TypeError('no number')
    elif value is not None:
        yield float(value)
