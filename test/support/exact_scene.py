# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A Localiser whose network is exact: a test says which scene coordinate every cell gets."""

from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.network.head import Head
from scene_reloc_ros.network.weights import encoder_hash
from scene_reloc_ros.pipeline.localiser import Localiser

CAMERA = Camera(640, 480, 500.0, 500.0, 319.5, 239.5)
STRIDE = 8
MAP_FROM_CAM = se3_exp(torch.tensor([0.5, -0.3, 0.2, 0.2, -0.4, 0.1]).double()).numpy()
ELSEWHERE = se3_exp(torch.tensor([2.5, 0.8, -0.6, -0.3, 0.9, 0.4]).double()).numpy()
TEXTURE = np.random.default_rng(0).integers(40, 210, (480, 640), np.uint8)
NOISE_M = 0.004  # standard deviation of a scene coordinate, an axis


class CellNumbers(nn.Module):
    """Stands for the encoder: the descriptor of a cell is its number."""

    stride = STRIDE

    def forward(self, image):
        """Return (1, 1, rows, columns)."""
        rows, columns = (cell_count(n, STRIDE) for n in image.shape[2:])
        return torch.arange(rows * columns).float().view(1, 1, rows, columns)


class GivenCoordinates(nn.Module):
    """Stands for the head: the scene coordinates that a test set."""

    points = None

    def forward(self, numbers):
        """Return (N, 3) of cells by number."""
        return self.points[numbers[:, 0].long()]


def depths_of_cells():
    """Return the depth (4800,) of a surface that waves, in metres."""
    u, v = cell_centres(60, 80, STRIDE).flatten(0, 1).numpy().T
    return 2.5 + 0.6 * np.sin(u / 70) + 0.5 * np.cos(v / 50)


def points_seen_from(map_from_cam, depths=None, camera=CAMERA, noise_m=NOISE_M):
    """Return the scene coordinates (4800, 3) float32 of all cells, seen from a pose."""
    pixels = cell_centres(60, 80, STRIDE).flatten(0, 1).numpy()
    depths = depths_of_cells() if depths is None else depths
    points = camera.rays(pixels) * depths[:, None]
    points = points @ map_from_cam[:3, :3].T + map_from_cam[:3, 3]
    points += np.random.default_rng(1).normal(0, noise_m, points.shape)
    return torch.from_numpy(points.astype(np.float32))


def scattered_points():
    """Return scene coordinates (4800, 3) that say nothing."""
    generator = torch.Generator().manual_seed(2)
    return torch.rand(4800, 3, generator=generator) * 6 - 3


def mixed(first, second, share):
    """Return points of which a random share comes from ``second``."""
    other = torch.rand(len(first), generator=torch.Generator().manual_seed(3)) < share
    return torch.where(other[:, None], second, first)


def exact_localiser(points, seed=0, **map_parts):
    """Return a Localiser whose cells get the given scene coordinates (4800, 3)."""
    near = [torch.from_numpy(MAP_FROM_CAM).float() @ se3_exp(torch.tensor(
        [0.1 * step, 0.0, 0.0, 0.0, 0.02 * step, 0.0])) for step in (-2, -1, 1, 2)]
    parts = {'views': torch.stack(near), 'cloud': torch.zeros(1, 3), **map_parts}
    head = Head()
    content = MapContent('ace', {f'head.{key}': value for key, value in head.state_dict().items()},
                         {'head': asdict(head.options)})
    scene_map = SceneMap(content=content, encoder_name='small',
                         encoder_hash=encoder_hash('small'), camera=CAMERA, **parts)
    localiser = Localiser(scene_map, device='cpu', seed=seed)
    localiser.observer.encoder = CellNumbers()
    localiser.observer.head = GivenCoordinates()
    localiser.observer.head.points = points
    return localiser
