# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of other places: what a localiser has to refuse, any number of them, from a seed."""

from __future__ import annotations

import cv2
import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.procedural_images import procedural_image
from scene_reloc_ros.datasets.simulated_room.layouts import LAYOUTS
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import SimulatedRoomSequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage

KINDS = ('otherroom', 'procedural', 'mirrored', 'shuffled')
_TILES_PX = (32, 72)  # smallest and largest side: a larger tile is a view of its own
_ROOMS = [(room, light) for room in LAYOUTS if room.startswith('other')
          for light in ('day', 'evening')]


class NegativeFrames(Sequence):
    """Frames without a pose, as if taken by the camera of another sequence.

    Views of other rooms, procedural images, frames of the sequence left for right, and its frames
    in tiles laid out anew, in turn. A place that is symmetric in itself would make a mirrored
    frame a true view; rooms are not.
    """

    def __init__(self, sequence: Sequence, count: int, seed: int = 0) -> None:
        """Take the camera and the frames of ``sequence``; ValueError for a count below one."""
        if count < 1:
            raise ValueError(f'{count} pictures of other places; expected at least 1')
        self._sequence, self._count, self._seed = sequence, int(count), seed

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._count

    @property
    def names(self) -> list[str]:
        """Frame names, the kind before the dash."""
        return [f'{KINDS[index % len(KINDS)]}-{index:06d}' for index in range(self._count)]

    @property
    def camera(self) -> Camera:
        """The camera of the other sequence."""
        return self._sequence.camera

    def _pose(self, index: int) -> np.ndarray | None:
        return None

    def _read(self, index: int) -> PosedImage:
        rng = np.random.default_rng((self._seed, index))
        kind = KINDS[index % len(KINDS)]
        image = getattr(self, f'_{kind}')(rng, index)
        size = (self.camera.width, self.camera.height)
        if image.shape[1::-1] != size:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return PosedImage(f'{kind}-{index:06d}', 0, image, self.camera)

    def _otherroom(self, rng: np.random.Generator, index: int) -> np.ndarray:
        # one room after the other: building one takes seconds, and one is kept
        room, light = _ROOMS[index * len(_ROOMS) // self._count]
        route = SimulatedRoomSequence('survey', 1000, self._seed, light, room=room)
        return route[int(rng.integers(len(route)))].image

    def _procedural(self, rng: np.random.Generator, index: int) -> np.ndarray:
        return procedural_image(rng, self.camera.height, self.camera.width)

    def _some_image(self, rng: np.random.Generator) -> np.ndarray:
        return self._sequence[int(rng.integers(len(self._sequence)))].image

    def _mirrored(self, rng: np.random.Generator, index: int) -> np.ndarray:
        return mirrored(self._some_image(rng))

    def _shuffled(self, rng: np.random.Generator, index: int) -> np.ndarray:
        return shuffled_tiles(self._some_image(rng), rng)


def mirrored(image: np.ndarray) -> np.ndarray:
    """Return an image left for right: its textures are known, but no camera sees them so.

    A place that is symmetric in itself looks like that from another side.
    """
    return np.ascontiguousarray(image[:, ::-1])


def shuffled_tiles(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image cut into square tiles that were laid out anew.

    Args:
        image: (H, W) or (H, W, 3).
        rng: numpy generator.
    """
    side = int(rng.integers(*_TILES_PX))
    rows, columns = (max(1, size // side) for size in image.shape[:2])
    mixed = image.copy()
    corners = [(side * row, side * column) for row in range(rows) for column in range(columns)]
    for (row, column), (v, u) in zip(corners, rng.permutation(corners)):
        mixed[row:row + side, column:column + side] = image[v:v + side, u:u + side]
    return mixed
