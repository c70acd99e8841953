# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Scene map: what a localisation method made of a place, and what all of them need of it.

One safetensors file: no pickle, a checksum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load, save
import torch

from scene_reloc_ros.files.outputs import write_whole
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import (
    FARTHEST_M,
    pose_from_translation_quaternion,
    shifted_pose,
    transform_points,
)
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.uncertainty.model import UncertaintyModel

FORMAT = 'scene_reloc_ros map'
FORMAT_VERSION = 7
_WITHOUT_TRANSFORM = '6'  # still written where there is none: older programs read it
_WITHOUT_ORIGIN = '5'  # the format whose maps were all in the coordinates of the map frame
_BEFORE_METHODS = '4'  # the format whose only method was ``ace``
_CONTENT_PREFIX = 'content.'
_HEADER_LENGTH = 8  # bytes of the header's length at the start of a safetensors file

_LENGTH_TOLERANCE = 0.01  # of a quaternion that somebody has typed

Origin = tuple[float, float, float]  # of a map's own coordinates, in the map frame, metres
# Where a map lies in a frame that several share: x, y, z in metres, a quaternion x, y, z, w.
Transform = tuple[float, float, float, float, float, float, float]


def _no_voxels() -> torch.Tensor:
    return torch.zeros(0, dtype=torch.int64)


@dataclass(frozen=True)
class MapContent:
    """What a method made of the mapping frames; only the method can read it."""

    method: str  # its name in the registry
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)  # plain values
    halved: frozenset[str] = frozenset()  # tensors that a file holds in half precision


@dataclass(frozen=True)
class SceneMap:
    """One mapped place. Tensors lie on the CPU.

    They are in coordinates of the map's own, which differ from the map frame by ``origin``: near
    the place single precision is exact.
    """

    content: MapContent
    encoder_name: str  # of the network that the content needs, '' for none
    encoder_hash: str
    camera: Camera  # of the mapping frames, as they came in
    views: torch.Tensor  # (F, 4, 4) float32, poses of the mapping cameras, metres
    cloud: torch.Tensor  # (P, 3) float32, some scene points, metres
    correction: CameraRefinement = field(default_factory=CameraRefinement)  # of the camera's rays
    metadata: dict[str, Any] = field(default_factory=dict)  # plain values, training to check
    depth: DepthCorrection | None = None  # of that camera's depths; None: mapped without
    ambiguous: torch.Tensor = field(default_factory=_no_voxels)  # (K,) int64, of ``voxels_of``
    uncertainty: UncertaintyModel | None = None  # of its errors; None: an old map of few frames
    origin: Origin = (0.0, 0.0, 0.0)  # where views, points and voxels are seen from, metres
    colours: torch.Tensor | None = None  # (P, 3) uint8 red, green, blue of the cloud; None: grey
    transform: Transform | None = None  # common_from_map of several maps; None: they share none

    @property
    def map_views(self) -> torch.Tensor:
        """Return where the mapping cameras were, (F, 4, 4) float64, metres, see ``placement``."""
        views = self.views.double().clone()
        views[:, :3, 3] += torch.tensor(self.origin, dtype=torch.float64)
        return views if self.transform is None else torch.from_numpy(
            pose_of_transform(self.transform)) @ views

    @property
    def positions(self) -> torch.Tensor:
        """Return the positions of the mapping cameras, (F, 3) float64, metres, as map_views."""
        return self.map_views[:, :3, 3]

    @property
    def points(self) -> torch.Tensor:
        """Return the points of the cloud, (P, 3) float64, metres, see ``placement``."""
        return transform_points(torch.from_numpy(self.placement), self.cloud.double())

    @property
    def placement(self) -> np.ndarray:
        """Return where the map's own coordinates lie in the frame of its answers, (4, 4) metres.

        That is the frame that it shares with other maps where it has a transform, else the frame
        of the poses that it was made of.
        """
        origin = shifted_pose(np.eye(4), self.origin)
        return origin if self.transform is None else pose_of_transform(self.transform) @ origin

    def save(self, path: str | Path) -> None:
        """Write the map, whole or not at all; OSError where that is not possible."""
        path = Path(path)
        if not path.parent.is_dir():
            raise ValueError(f'folder {path.parent} of the map does not exist; create it')
        tensors = {_CONTENT_PREFIX + key: value.half() if key in self.content.halved else value
                   for key, value in self.content.tensors.items()}
        tensors.update(views=self.views, cloud=self.cloud, ambiguous=self.ambiguous,
                       correction=self.correction.values)
        if self.colours is not None:
            tensors['colours'] = self.colours
        tensors = {key: value.cpu().contiguous() for key, value in tensors.items()}
        version = _WITHOUT_TRANSFORM if self.transform is None else str(FORMAT_VERSION)
        header = {'format': FORMAT, 'format_version': version,
                  'encoder_name': self.encoder_name, 'encoder_hash': self.encoder_hash,
                  'method': self.content.method, 'content': json.dumps(self.content.header),
                  'camera': json.dumps(asdict(self.camera)),
                  'depth': json.dumps(self.depth and asdict(self.depth)),
                  'calibration': json.dumps(self.uncertainty and self.uncertainty.as_dict()),
                  'origin': json.dumps(self.origin), 'transform': json.dumps(self.transform),
                  'metadata': json.dumps(self.metadata), 'checksum': _checksum(tensors)}
        write_whole(path, save(tensors, header))

    @classmethod
    def load(cls, path: str | Path) -> SceneMap:
        """Read a map; ValueError names the file and what is wrong with it."""
        path = Path(path)
        if not path.is_file():
            raise ValueError(f'map file {path} does not exist; make one with scene_reloc map or '
                             'the mapper')
        content = path.read_bytes()
        try:
            header = _header(content)
            tensors = load(content)
        except (SafetensorError, ValueError, OverflowError) as error:
            raise ValueError(f'map file {path} is truncated or no map ({error}); copy it again '
                             'or map again') from error
        if header.get('format') != FORMAT:
            raise ValueError(f'file {path} is no {FORMAT}; give a file of scene_reloc map')
        if header.get('format_version') not in (
                _BEFORE_METHODS, _WITHOUT_ORIGIN, _WITHOUT_TRANSFORM, str(FORMAT_VERSION)):
            raise ValueError(f'map file {path} has format version {header.get("format_version")}, '
                             f'this program reads {FORMAT_VERSION}; map again or update')
        if header.get('checksum') != _checksum(tensors):
            raise ValueError(f'map file {path} is damaged (its checksum differs); copy it again '
                             'or map again')
        if header['format_version'] == _BEFORE_METHODS:
            header, tensors = _with_method(header, tensors)
        return cls._from_parts(path, header, tensors)

    @classmethod
    def _from_parts(cls, path: Path, header: dict[str, str],
                    tensors: dict[str, torch.Tensor]) -> SceneMap:
        try:
            content = MapContent(header['method'], {
                key.removeprefix(_CONTENT_PREFIX): value for key, value in tensors.items()
                if key.startswith(_CONTENT_PREFIX)}, json.loads(header['content']))
            fields = json.loads(header['camera'])
            camera = Camera(**{**fields, 'distortion': tuple(fields['distortion'])})
            depth, calibration = (json.loads(header[key]) for key in ('depth', 'calibration'))
            return cls(
                content=content, camera=camera,
                encoder_name=header['encoder_name'], encoder_hash=header['encoder_hash'],
                views=tensors['views'], cloud=tensors['cloud'],
                correction=CameraRefinement(tensors['correction']).requires_grad_(False),
                metadata=json.loads(header['metadata']),
                depth=depth and DepthCorrection(**depth), ambiguous=tensors['ambiguous'],
                uncertainty=calibration and UncertaintyModel.from_dict(calibration),
                origin=_origin(header), colours=_colours(tensors),
                transform=_transform(header))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f'map file {path} lacks a part ({error}); map again') from error


def _origin(header: dict[str, str]) -> Origin:
    """Return the origin that a header tells, zero in that of an older map."""
    x, y, z = map(float, json.loads(header.get('origin', '[0, 0, 0]')))
    return x, y, z


def _transform(header: dict[str, str]) -> Transform | None:
    """Return the transform that a header tells, None in that of an older map."""
    values = json.loads(header.get('transform', 'null'))
    return None if values is None else checked_transform(values)


def checked_transform(values: Sequence[float]) -> Transform:
    """Return a transform whose quaternion has length 1; ValueError says what is wrong with it.

    Args:
        values: x, y, z in metres, and a quaternion x, y, z, w.
    """
    if len(values) != 7:
        raise ValueError(f'a transform of {len(values)} numbers; expected x y z qx qy qz qw')
    x, y, z, *quaternion = map(float, values)
    if not all(map(math.isfinite, (x, y, z, *quaternion))):
        raise ValueError(f'transform {list(values)} contains NaN or Inf; expected seven finite '
                         'numbers')
    if max(abs(x), abs(y), abs(z)) > FARTHEST_M:
        raise ValueError(f'transform {list(values)} leads farther than any place on Earth, '
                         f'{FARTHEST_M:.0e} m; expected metres')
    length = math.hypot(*quaternion)
    if abs(length - 1) > _LENGTH_TOLERANCE:
        raise ValueError(f'quaternion {quaternion} of the transform has length {length:.3g}; '
                         'expected 1, as qx qy qz qw')
    qx, qy, qz, qw = (part / length for part in quaternion)
    return x, y, z, qx, qy, qz, qw


def pose_of_transform(transform: Transform) -> np.ndarray:
    """Return common_from_map (4, 4) float64, metres."""
    return pose_from_translation_quaternion(transform[:3], transform[3:])


def _colours(tensors: dict[str, torch.Tensor]) -> torch.Tensor | None:
    """Return the colours of the cloud, None in an older map; ValueError where they are none."""
    colours = tensors.get('colours')
    if colours is not None and (colours.shape != tensors['cloud'].shape
                                or colours.dtype != torch.uint8):
        raise ValueError(f'colours of shape {tuple(colours.shape)} as {colours.dtype}')
    return colours


def _with_method(header: dict[str, str], tensors: dict[str, torch.Tensor],
                 ) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Return header and tensors of a map from before there were methods as those of ``ace``."""
    moved = {_CONTENT_PREFIX + key if key.startswith('head.') else key: value
             for key, value in tensors.items()}
    content = f'{{"head": {header.get("head", "null")}}}'
    return {**header, 'method': 'ace', 'content': content}, moved


def _header(content: bytes) -> dict[str, str]:
    """Return the metadata of a safetensors file's bytes."""
    length = int.from_bytes(content[:_HEADER_LENGTH], 'little')
    if len(content) < _HEADER_LENGTH + length or not length:
        raise ValueError(f'{len(content)} bytes do not hold a header')
    return json.loads(content[_HEADER_LENGTH:_HEADER_LENGTH + length]).get('__metadata__', {})


def _checksum(tensors: dict[str, torch.Tensor]) -> str:
    """Return the SHA-256 of all tensors in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
