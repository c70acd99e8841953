# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Small data sets on disk, the room, and the reprojection check, shared by the tests."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from scene_reloc_ros.datasets.simulated_room.simulated_sequence import SimulatedRoomSequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.camera_file import write_camera
from scene_reloc_ros.geometry.poses import pose_from_translation_quaternion

SMALL = Camera(32, 24, 30.0, 31.0, 15.5, 11.5)


@pytest.fixture
def small_camera():
    """Return a camera of 32x24 pixels."""
    return SMALL


@pytest.fixture
def make_frame():
    """Return a function that makes the posed image of a number, with noise for content."""
    def make(number, **changes):
        generator = np.random.default_rng(number)
        frame = SimpleNamespace(
            stamp_ns=1_700_000_000_123_456_789 + number * 33_333_333,
            image=generator.integers(0, 256, (24, 32, 3), np.uint8),
            map_from_cam=pose_from_translation_quaternion(
                generator.uniform(-9, 9, 3), generator.standard_normal(4)),
            depth_m=generator.uniform(0.3, 12, (24, 32)).astype(np.float32))
        return SimpleNamespace(**{**vars(frame), **changes})
    return make


@pytest.fixture
def seven_scenes_folder(tmp_path, make_frame):
    """Write a folder of three frames in 7-Scenes layout, the last without depth and pose."""
    write_camera(tmp_path / 'camera.yaml', SMALL)
    for number in range(3):
        frame, stem = make_frame(number), f'frame-{number + 7:06d}'
        cv2.imwrite(str(tmp_path / f'{stem}.color.png'), frame.image)
        if number < 2:
            millimetres = np.rint(frame.depth_m * 1000).astype(np.uint16)
            millimetres[0, :2] = (0, 65535)
            cv2.imwrite(str(tmp_path / f'{stem}.depth.png'), millimetres)
            np.savetxt(tmp_path / f'{stem}.pose.txt', frame.map_from_cam)
    return tmp_path


@pytest.fixture(scope='session')
def survey():
    """Return the survey of the simulated room."""
    return SimulatedRoomSequence('survey')


@pytest.fixture(scope='session')
def reproject():
    """Return the function that carries the pixels of one frame into another by depth and pose."""
    def carry(source, target):
        v, u = np.mgrid[:source.camera.height:3, :source.camera.width:3]
        depth = source.depth_m[v, u].astype(float)
        u, v, depth = (values[depth > 0] for values in (u, v, depth))
        points = source.camera.rays(np.stack((u, v), -1)) * depth[:, None]
        target_from_source = np.linalg.inv(target.map_from_cam) @ source.map_from_cam
        points = points @ target_from_source[:3, :3].T + target_from_source[:3, 3]
        at = target.camera.project(points)
        inside = ((at > 1) & (at < (target.camera.width - 2, target.camera.height - 2))).all(-1)
        at = at[inside].astype(np.float32)[None]
        known = target.depth_m > 0
        inverse = np.where(known, 1 / np.where(known, target.depth_m, 1), 0).astype(np.float32)
        # on a plane inverse depth is affine in the image, so interpolating it is exact
        seen = cv2.remap(inverse, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0]
        colours = cv2.remap(target.image, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0]
        before = source.image[v, u][inside]
        return SimpleNamespace(depth_m=points[inside, 2], seen_inverse=seen,
                               colour_change=np.abs(colours.astype(float) - before).mean(-1))
    return carry
