# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Registration of depth: boxes before a wall whose depth is moved by a known amount."""

import cv2
import numpy as np
import pytest

from scene_reloc_ros.datasets.planted_mistakes import seen_from_aside
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.conventions.depth_registration import depth_edges, registration

CAMERA = Camera(320, 240, 260.0, 260.0, 159.5, 119.5)
FRAMES = 8


def boxes(seed, holes=False):
    """Return a picture of boxes 1 to 2 m away before a wall at 3 m, and its depth."""
    rng = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(rng.integers(90, 166, (240, 320), np.uint8), (0, 0), 3)
    image, depth_m = wall.copy(), np.full((240, 320), 3.0, np.float32)
    for z in np.sort(rng.uniform(1.0, 2.0, 6))[::-1]:
        x, y = rng.integers(20, 240), rng.integers(20, 170)
        width, height = rng.integers(30, 60, 2)
        image[y:y + height, x:x + width] = rng.choice((20, 60, 200, 240))
        depth_m[y:y + height, x:x + width] = z
    if holes:  # a shadow to the left of near things, as of a structured-light camera
        near = cv2.dilate(depth_m, np.ones((1, 9), np.uint8), anchor=(0, 0)) > 1.1 * depth_m
        depth_m = np.where(np.roll(near, -4, 1) & (depth_m > 2.5), 0, depth_m)
    return image, depth_m


def registration_of(moved=lambda depth_m: depth_m, frames=FRAMES, holes=False):
    """Return the Registration of frames whose depth something was done to."""
    edges = []
    for seed in range(frames):
        image, depth_m = boxes(seed, holes)
        edges.append(depth_edges(PosedImage(str(seed), seed, image, CAMERA, np.eye(4),
                                            moved(depth_m))))
    return registration(edges)


@pytest.mark.parametrize('holes', [False, True])
def test_depth_that_is_registered_is_right(holes):
    found = registration_of(holes=holes)
    assert found.right and not found.wrong
    assert found.moved_px <= 2


@pytest.mark.parametrize('right, down', [(12, 0), (-9, 0), (0, 10), (7, -7)])
def test_a_shift_is_found_with_its_size(right, down):
    found = registration_of(lambda depth_m: np.roll(depth_m, (down, right), (0, 1)))
    assert found.wrong and not found.right
    np.testing.assert_allclose(found.shift.shift_px, (-right, -down), atol=1.5)
    assert found.moved_px == pytest.approx(2 * np.hypot(right, down), abs=4)  # of 480 rows
    assert 'not registered to the picture' in found.sentence


@pytest.mark.parametrize('baseline_m, zoom', [(0.06, 1.0), (-0.08, 1.0), (0.025, 1.114),
                                              (0.0, 0.88)])
def test_depth_of_another_camera_is_found(baseline_m, zoom):
    found = registration_of(lambda depth_m: seen_from_aside(depth_m, CAMERA, baseline_m, zoom))
    assert found.wrong


def test_too_few_frames_tell_nothing():
    assert registration_of(frames=3) is None


def test_a_blank_wall_has_no_edges_to_compare():
    flat = PosedImage('wall', 0, np.full((240, 320), 128, np.uint8), CAMERA, np.eye(4),
                      np.full((240, 320), 2.0, np.float32))
    assert depth_edges(flat) is None
    assert depth_edges(PosedImage('none', 0, flat.image, CAMERA, np.eye(4))) is None


def test_edges_that_meet_nothing_in_the_picture_are_neither_right_nor_wrong():
    edges = []
    for seed in range(FRAMES):
        noise = np.random.default_rng(seed).integers(0, 256, (240, 320), np.uint8)
        edges.append(depth_edges(PosedImage(str(seed), seed, noise, CAMERA, np.eye(4),
                                            boxes(seed)[1])))
    found = registration(edges)
    assert not found.wrong and not found.right
