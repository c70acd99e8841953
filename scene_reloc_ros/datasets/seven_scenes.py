# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The file layout of Microsoft 7-Scenes, with a camera.yaml beside the frames.

As published, 7-Scenes depth is not registered to the colour camera and the poses are the depth
camera's. This layout holds depth and poses of the colour camera, which the camera.yaml vouches
for: a folder without it is refused.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from scene_reloc_ros.datasets.image_files import read_colour, read_depth, read_pose
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.camera_file import read_camera
from scene_reloc_ros.geometry.posed_image import PosedImage

RATE_HZ = 30  # the sensor's rate; frames bear an index and no stamp
_DEPTH_UNITS_PER_METRE = 1000
_NANOSECONDS = 1_000_000_000
_COLOUR_PATTERN = 'frame-*.color.*'


def is_seven_scenes(folder: str | Path) -> bool:
    """Tell whether the folder holds frames of this layout."""
    return next(Path(folder).glob(_COLOUR_PATTERN), None) is not None


class SevenScenesSequence(Sequence):
    """frame-NNNNNN.color.(jpg|png), .depth.png, .pose.txt and camera.yaml in one folder."""

    def __init__(self, folder: str | Path) -> None:
        """List the frames of ``folder``; ValueError where there is none or no camera.yaml."""
        folder = Path(folder)
        images = sorted(path for path in folder.glob(_COLOUR_PATTERN)
                        if path.suffix in ('.jpg', '.png'))
        if not images:
            raise ValueError(f'folder {folder} has no frame-NNNNNN.color.jpg or .png; expected '
                             'the 7-Scenes layout')
        if not (folder / 'camera.yaml').exists():
            raise ValueError(
                f'folder {folder} has 7-Scenes frames but no camera.yaml; as published its depth '
                "is not registered and its poses are the depth camera's: bring both to the "
                'colour camera, then add its camera.yaml')
        self._folder = folder
        self._camera = read_camera(folder / 'camera.yaml')
        self._image_of = {path.name.split('.')[0]: path for path in images}
        self._names = list(self._image_of)
        self._stamps_ns = [_stamp_ns(name, folder) for name in self._names]

    @property
    def names(self) -> list[str]:
        """Frame names such as frame-000123."""
        return list(self._names)

    @property
    def camera(self) -> Camera:
        """The colour camera."""
        return self._camera

    def __len__(self) -> int:
        """Return the number of colour images."""
        return len(self._names)

    def _read(self, index: int) -> PosedImage:
        return replace(self._query(index, True), map_from_cam=self._pose(index))

    def _query(self, index: int, with_depth: bool) -> PosedImage:
        name = self._names[index]
        depth_path = self._folder / f'{name}.depth.png'
        depth_m = None
        if with_depth and depth_path.exists():
            depth_m = read_depth(depth_path, self._camera, _DEPTH_UNITS_PER_METRE)
        image = read_colour(self._image_of[name], self._camera)
        return PosedImage(name, self._stamps_ns[index], image, self._camera, None, depth_m)

    def _stamp(self, index: int) -> int:
        return self._stamps_ns[index]

    def _pose(self, index: int) -> np.ndarray | None:
        path = self._folder / f'{self._names[index]}.pose.txt'
        return read_pose(path) if path.exists() else None


def _stamp_ns(name: str, folder: Path) -> int:
    number = name.removeprefix('frame-')
    if not number.isdecimal():
        raise ValueError(f'frame {name!r} in {folder} bears no number; expected frame-NNNNNN')
    return int(number) * _NANOSECONDS // RATE_HZ
