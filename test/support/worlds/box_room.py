# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A box that a camera stands in: exact scene coordinates all around, as poor as a test likes."""

from dataclasses import dataclass

import numpy as np
import torch

from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.uncertainty.acceptance import GENERAL_MODEL
from scene_reloc_ros.uncertainty.model import CovarianceModel, ImageStatistics, UncertaintyModel
from support.exact_scene import CAMERA, exact_localiser, STRIDE, TEXTURE

HALF_M = np.array((3.0, 1.4, 4.0))  # of the box, metres
# what independent noise leaves: nothing that all cells share
INDEPENDENT = CovarianceModel(1.0, 1.0, 1e-4, 1e-4, 0.0)
IMAGES = ImageStatistics(sharpness=0.5)


@dataclass(frozen=True)
class Poverty:
    """How poor a picture is."""

    noise_px: float = 1.0  # of the cells that are right, a component
    right: float = 1.0  # share of the cells that are
    patch: float = 1.0  # of width and height of the image that is seen at all


def place(x=0.0, z=0.0, yaw=0.0):
    """Return map_from_cam (4, 4) of a camera that stands upright in the box."""
    pose = se3_exp(torch.tensor((0, 0, 0, 0, yaw, 0)).double()).numpy()
    pose[:3, 3] = x, 0.0, z
    return pose


def walk(count, speed_m=0.08, turn_rad=0.15, start=(0.0, 0.0, 0.0)):
    """Return map_from_cam of a camera that walks forwards and turns, one a step."""
    step = se3_exp(torch.tensor((0, 0, speed_m, 0, turn_rad, 0)).double()).numpy()
    poses = [place(*start)]
    for _ in range(count - 1):
        poses.append(poses[-1] @ step)
    return poses


def seen_points(map_from_cam, poverty=Poverty(), seed=0, camera=CAMERA):
    """Return the scene coordinates (4800, 3) float32 of all cells of a picture of the box."""
    rng = np.random.default_rng(seed)
    pixels = cell_centres(60, 80, STRIDE).flatten(0, 1).numpy()
    # what a cell is right about lies a little beside it
    shown = pixels + rng.normal(0, poverty.noise_px, pixels.shape)
    directions = camera.rays(shown) @ map_from_cam[:3, :3].T
    start = map_from_cam[:3, 3]
    with np.errstate(divide='ignore'):
        ways = (np.sign(directions) * HALF_M - start) / directions
    points = start + directions * ways.min(1)[:, None]
    corner = rng.uniform(0, 1 - poverty.patch, 2) * (640, 480) - 0.5
    outside = ((pixels < corner) | (pixels > corner + poverty.patch * np.array((640, 480)))).any(1)
    wrong = outside | (rng.random(len(points)) >= poverty.right)
    points[wrong] = rng.uniform(-1, 1, (int(wrong.sum()), 3)) * HALF_M
    return torch.from_numpy(points.astype(np.float32))


class BoxLocaliser:
    """A Localiser in the box, told before every picture what its cells see."""

    def __init__(self, covariance=INDEPENDENT, acceptance=GENERAL_MODEL, **map_parts):
        """Make a map whose views stand all over the box."""
        views = [place(x, z, yaw) for x in (-1.5, 0.0, 1.5) for z in (-2.0, 0.0, 2.0)
                 for yaw in np.arange(0, 2 * np.pi, 0.7)]
        self.localiser = exact_localiser(
            torch.zeros(4800, 3), views=torch.from_numpy(np.stack(views)).float(),
            uncertainty=UncertaintyModel(acceptance, covariance, images=IMAGES), **map_parts)

    def sees(self, points):
        """Return the picture whose cells see points (4800, 3)."""
        self.localiser.observer.head.points = points
        return TEXTURE

    def query(self, points):
        """Return the query of that picture."""
        return self.localiser.prepare(self.sees(points), CAMERA)


def drifted(poses, rng, scale=0.05, turn=0.05):
    """Return odom_from_cam of poses: odometry whose scale and heading are off by one draw each."""
    odometry = [np.eye(4)]
    stretch, bend = rng.normal(0, scale, 3), rng.normal(0, turn, 3)
    for before, after in zip(poses, poses[1:]):
        step = np.linalg.inv(before) @ after
        way = np.linalg.norm(step[:3, 3])
        turned = np.arccos(np.clip((np.trace(step[:3, :3]) - 1) / 2, -1, 1))
        error = np.r_[stretch * way, bend * turned]
        odometry.append(odometry[-1] @ step @ se3_exp(torch.from_numpy(error)).numpy())
    return odometry
