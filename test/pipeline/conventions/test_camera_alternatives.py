# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Other cameras: the factor is found, and which of the two kinds it is."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.shared_points import CAMERA, poses_at, shared_points

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.pipeline.conventions.camera_alternatives import (
    camera_alternatives,
    sentence_of,
)
from scene_reloc_ros.pipeline.conventions.epipolar import relative_poses
from scene_reloc_ros.pipeline.conventions.report import Mistake


def seen_with(camera, pairs):
    """Return pairs whose rays were made of their pixels by another camera."""
    first, second = (camera.rays(CAMERA.project(np.c_[plane, np.ones(len(plane))]))[:, :2]
                     for plane in (pairs.first, pairs.second))
    return replace(pairs, first=first, second=second, camera=camera)


def best_of(camera, seed):
    poses = poses_at(seed=seed)
    pairs = seen_with(camera, shared_points(poses, seed=seed))
    found = camera_alternatives(relative_poses(poses, pairs), pairs)
    return min(found, key=lambda one: one[1].mean())[0], pairs


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('factor', [0.7, 0.85, 1.3])
def test_a_wrong_focal_length_is_found(factor, seed):
    best, pairs = best_of(Camera(640, 480, factor * 525, factor * 525, 319.5, 239.5), seed)
    assert best.mistake is Mistake.WRONG_CAMERA
    assert best.factor == pytest.approx(1 / factor, rel=0.01)
    assert 'focal length of the camera is wrong' in sentence_of(best, pairs)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('size', [0.5, 0.75, 2.0])
def test_the_camera_of_another_size_of_picture_is_found(size, seed):
    other = replace(CAMERA.scaled(round(640 * size), round(480 * size)), width=640, height=480)
    best, pairs = best_of(other, seed)
    assert best.mistake is Mistake.SCALED_CAMERA
    assert best.factor == pytest.approx(1 / size, rel=0.01)
    assert f'calibrated for pictures {size:.2f} times the size' in sentence_of(best, pairs)


def test_the_right_camera_is_left_as_it_is():
    poses = poses_at()
    pairs = shared_points(poses)
    for camera, _ in camera_alternatives(relative_poses(poses, pairs), pairs):
        assert camera.factor == pytest.approx(1, abs=0.005)
