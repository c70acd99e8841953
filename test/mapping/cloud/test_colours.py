# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Colours of scene points on a world that is exact: a wall of two colours behind a panel."""

from dataclasses import replace

import numpy as np
import pytest
from support.distorted_camera import CAMERA as DISTORTED
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.cloud.colours import cloud_colours, UNKNOWN
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap

CAMERA = Camera(160, 120, 100.0, 100.0, 79.5, 59.5)
FISHEYE = Camera(160, 120, 60.0, 60.0, 79.5, 59.5, 'equidistant', (0.02, -0.01, 0.0, 0.0))
WALL_M, PANEL_M, PANEL_SIDE_M = 4.0, 2.0, 0.8
RED, GREEN, BLUE = (200, 30, 20), (10, 180, 40), (15, 25, 220)
STEPS_M = (-1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2)
RNG = np.random.default_rng(3)


def colours_on_wall(points):
    """Return red, green, blue (P, 3) of points of the wall: red on the left, green right."""
    return np.where(points[:, :1] < 0, RED, GREEN).astype(np.uint8)


def frame_at(pose, camera, depth=False):
    """Return what a camera sees of the wall and the panel before it, ray by ray."""
    v, u = np.mgrid[:camera.height, :camera.width].astype(float)
    rays = camera.rays(np.stack((u, v), -1).reshape(-1, 2)) @ pose[:3, :3].T
    centre = pose[:3, 3]
    on_wall, on_panel = (centre + rays * ((away - centre[2]) / rays[:, 2])[:, None]
                         for away in (WALL_M, PANEL_M))
    covered = (np.abs(on_panel[:, :2]) < PANEL_SIDE_M / 2).all(1)
    rgb = np.where(covered[:, None], BLUE, colours_on_wall(on_wall)).astype(np.uint8)
    points = np.where(covered[:, None], on_panel, on_wall)
    depths = (points - centre) @ pose[:3, 2]
    size = camera.height, camera.width
    return PosedImage('view', 0, np.ascontiguousarray(rgb.reshape(*size, 3)[..., ::-1]), camera,
                      pose, depths.reshape(size).astype(np.float32) if depth else None)


def frames_of(camera=CAMERA, depth=False):
    """Return views from a few steps aside, which turn a little."""
    return [frame_at(se3_exp(torch.tensor([x, 0.1 * x, 0.0, 0.02, -0.15 * x, 0.0]).double())
                     .numpy(), camera, depth) for x in STEPS_M]


def world_points(count=1500):
    """Return points of the wall, away from where its colours meet, and points of the panel."""
    wall = np.c_[RNG.uniform((-1.3, -1.2), (1.3, 1.2), (count, 2)), np.full(count, WALL_M)]
    wall = wall[np.abs(wall[:, 0]) > 0.1]
    panel = np.c_[RNG.uniform(-0.34, 0.34, (count // 3, 2)), np.full(count // 3, PANEL_M)]
    return wall, panel


def map_of(points, frames, depth=None, correction=(0.0,) * 5):
    """Return a map with a cloud."""
    views = torch.stack([torch.from_numpy(frame.map_from_cam) for frame in frames]).float()
    return SceneMap(MapContent('cells'), '', '', frames[0].camera, views,
                    torch.from_numpy(points).float(), CameraRefinement(correction), depth=depth)


@pytest.mark.parametrize('depth', [False, True], ids=['without depth', 'with depth'])
@pytest.mark.parametrize('camera', [CAMERA, DISTORTED.scaled(80, 60), FISHEYE],
                         ids=['pinhole', 'polynomial', 'fisheye'])
def test_points_have_the_colours_of_what_they_lie_on(camera, depth):
    wall, panel = world_points()
    points, frames = np.concatenate((wall, panel)), frames_of(camera, depth)
    found = cloud_colours(map_of(points, frames, DepthCorrection() if depth else None), frames,
                          MappingProgress()).numpy()
    assert found.dtype == np.uint8 and found.shape == points.shape
    expected = np.concatenate((colours_on_wall(wall), np.tile(np.uint8(BLUE), (len(panel), 1))))
    far = np.abs(found.astype(int) - expected).max(1) > 3
    assert far[len(wall):].mean() < 0.01, 'of the panel'
    assert far[:len(wall)].mean() < 0.01, 'of the wall, a part of which the panel hides'


def test_a_point_that_no_frame_shows_is_grey():
    points = np.array([[0.0, 0.0, -3.0], [50.0, 0.0, 4.0], [1.0, 1.2, WALL_M]])
    frames = frames_of()
    found = cloud_colours(map_of(points, frames), frames, MappingProgress()).tolist()
    assert found[:2] == [[UNKNOWN] * 3] * 2
    np.testing.assert_allclose(found[2], GREEN, atol=2)


def test_grey_frames_give_grey_points():
    wall, _ = world_points(60)
    frames = [replace(frame, image=np.full((120, 160), 77, np.uint8)) for frame in frames_of()]
    found = cloud_colours(map_of(wall, frames), frames, MappingProgress()).numpy()
    assert (found == 77).all()


def test_a_camera_that_mapping_found_to_be_off_is_corrected():
    """The frames say a principal point 12 px off; the correction of the map knows."""
    wall, _ = world_points()
    stated = replace(CAMERA, cx=CAMERA.cx + 12)
    frames = [replace(frame, camera=stated) for frame in frames_of()]
    near = wall[(np.abs(wall[:, 0]) < 0.4) & (np.abs(wall[:, 1]) > 1)]  # beside the panel

    def wrong(correction):
        found = cloud_colours(map_of(near, frames, correction=correction), frames,
                              MappingProgress()).numpy().astype(int)
        return (np.abs(found - colours_on_wall(near)).max(1) > 3).mean()
    assert len(near) > 20
    assert wrong((-0.12, 0.0, 0.0, 0.0, 0.0)) < 0.01 < 0.2 < wrong((0.0,) * 5)


class Counting(list):
    """Frames that count how often one is read; poses and names are known without."""

    reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)

    def map_from_cam(self, index):
        """Return a pose."""
        return super().__getitem__(index).map_from_cam

    names = property(lambda self: ['view'] * len(self))


def test_few_of_many_frames_are_read():
    wall, panel = world_points(100)
    frames = Counting(frames_of() * 40)
    found = cloud_colours(map_of(np.concatenate((wall, panel)), list(frames)), frames,
                          MappingProgress())
    assert 0 < frames.reads < 30
    assert (found != UNKNOWN).any()


def test_frames_that_show_much_are_read_before_those_that_show_little():
    wall, _ = world_points(400)
    above = wall[wall[:, 1] > 0.95]  # the panel hides none of it from the middle
    near = [frame_at(se3_exp(torch.tensor([x, 1.0, 3.2, 0.0, 0.0, 0.0]).double()).numpy(), CAMERA)
            for x in np.linspace(-1.2, 1.2, 30)]
    wide = [frame_at(np.eye(4), CAMERA)] * 3
    frames = Counting(near + wide)
    found = cloud_colours(map_of(above, near + wide), frames, MappingProgress()).numpy()
    assert frames.reads <= 5 and len(above) > 20
    assert (np.abs(found.astype(int) - colours_on_wall(above)).max(1) <= 3).all()


def test_when_the_time_is_over_there_are_colours_all_the_same_and_cancelling_ends_it():
    wall, _ = world_points(50)
    frames = frames_of()
    over = MappingProgress(deadline=Deadline(0.0))
    assert (cloud_colours(map_of(wall, frames), frames, over) != UNKNOWN).any()
    with pytest.raises(MappingCancelled):
        cloud_colours(map_of(wall, frames), frames, MappingProgress(cancelled=lambda: True))


def test_no_points_have_no_colours():
    frames = frames_of()
    assert cloud_colours(map_of(np.zeros((0, 3)), frames), frames,
                         MappingProgress()).shape == (0, 3)
