# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The relocaliser node in the exact box, its core as it is: a picture says what its cells see.

The first bytes of a picture are where its camera is, how poor it is, and the seed of its noise.
"""

import sys

import numpy as np
import torch

from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.ros.node.process import run_node
from scene_reloc_ros.ros.relocaliser.node import RelocaliserNode
from scene_reloc_ros.uncertainty.model import CovarianceModel
from support.exact_scene import TEXTURE
from support.worlds.box_room import BoxLocaliser, Poverty, seen_points

_NUMBERS = 16 + 4  # pose, noise, right, patch, seed
USUAL = CovarianceModel(14.0, 14.0, 0.006, 0.0027, 0.05)  # what maps have shown


def picture_of(map_from_cam, poverty, seed=0):
    """Return the grey picture (480, 640) of a camera in the box."""
    image = TEXTURE.copy()
    numbers = np.r_[np.asarray(map_from_cam).reshape(-1), poverty.noise_px, poverty.right,
                    poverty.patch, seed].astype(np.float64)
    image.reshape(-1)[:8 * _NUMBERS] = np.frombuffer(numbers.tobytes(), np.uint8)
    return image


def points_in(image):
    """Return the scene coordinates (4800, 3) that the cells of such a picture see."""
    numbers = np.frombuffer(image.reshape(-1)[:8 * _NUMBERS].tobytes(), np.float64)
    if not numbers.any():  # of the warm-up
        return torch.zeros(4800, 3)
    return seen_points(numbers[:16].reshape(4, 4), Poverty(*numbers[16:19]), int(numbers[19]))


class ReadingObserver:
    """The observer of the box, told by the picture itself."""

    def __init__(self, observer):
        """Tell ``observer``."""
        self._observer = observer

    def __getattr__(self, name):
        """Be as it is in all else."""
        return getattr(self._observer, name)

    def observe(self, seen):
        """Return what an image shows."""
        self._observer.head.points = points_in(seen.image)
        return self._observer.observe(seen)


def reading_localiser():
    """Return a Localiser of the box that reads what it sees."""
    localiser = BoxLocaliser(USUAL).localiser
    localiser.observer = ReadingObserver(localiser.observer)
    return localiser


class BoxRelocaliserNode(RelocaliserNode):
    """The node as it is, in the box whatever the map file."""

    def __init__(self):
        """Hand the factory over."""
        super().__init__(lambda path, options: CameraWatch(reading_localiser()))


if __name__ == '__main__':
    sys.exit(run_node(BoxRelocaliserNode))
