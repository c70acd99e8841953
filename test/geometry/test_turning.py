# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Turned pictures: cameras against the pixels that they project to, images against indices."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.turning import (
    turned_camera,
    turned_from_upright,
    turned_image,
    turned_pixels,
)

CAMERAS = {
    'none': Camera(640, 480, 520.0, 530.0, 310.0, 250.0),
    'plumb_bob': Camera(640, 480, 520.0, 530.0, 310.0, 250.0, 'plumb_bob',
                        (-0.2, 0.05, 0.004, -0.006, 0.01)),
    'rational': Camera(64, 48, 52.0, 53.0, 31.0, 25.0, 'rational_polynomial',
                       (-0.2, 0.05, 0.004, -0.006, 0.01, 0.02, -0.01, 0.003)),
    'fisheye': Camera(640, 480, 320.0, 330.0, 310.0, 250.0, 'equidistant',
                      (0.02, -0.01, 0.003, -0.001)),
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(CAMERAS)), st.integers(1, 3), st.integers(0, 10 ** 6))
def test_a_turned_camera_sees_points_where_the_turned_picture_shows_them(name, quarters, seed):
    camera = CAMERAS[name]
    points = np.random.default_rng(seed).uniform((-0.5, -0.4, 1), (0.5, 0.4, 3), (20, 3))
    turned = turned_camera(camera, quarters)
    turn = turned_from_upright(quarters)[:3, :3]
    seen = turned.project(points @ turn.T)
    assert np.allclose(turned_pixels(seen, turned), camera.project(points), atol=1e-3)
    assert np.allclose(turned.rays(seen)[:, :2] * points[:, 2:], (points @ turn.T)[:, :2],
                       atol=1e-3)


@pytest.mark.parametrize('quarters', [1, 2, 3])
def test_a_pixel_of_a_turned_image_is_the_one_that_came(quarters):
    image = np.arange(48 * 64).reshape(48, 64)
    camera = Camera(64, 48, 50.0, 50.0, 31.5, 23.5)
    turned, found = turned_camera(camera, quarters), turned_image(image, quarters)
    assert found.shape == (turned.height, turned.width)
    pixels = np.array(((0, 0), (5, 7), (turned.width - 1, 3), (2, turned.height - 1)))
    back = turned_pixels(pixels, turned).astype(int)
    assert np.array_equal(found[pixels[:, 1], pixels[:, 0]], image[back[:, 1], back[:, 0]])


@pytest.mark.parametrize('name', CAMERAS)
def test_four_quarters_are_no_turn(name):
    camera = CAMERAS[name]
    whole = turned_camera(turned_camera(camera, 1), 3)
    assert (whole.width, whole.height, whole.fx, whole.fy, whole.turned) == (
        camera.width, camera.height, camera.fx, camera.fy, 0)
    assert np.allclose((*whole.distortion, whole.cx, whole.cy),
                       (*camera.distortion, camera.cx, camera.cy))


def test_a_camera_that_was_turned_knows_it_and_an_image_turns_clockwise():
    assert [turned_camera(CAMERAS['none'], n).turned for n in (0, 1, 2, 3, 4, -1)] == [
        0, 1, 2, 3, 0, 3]
    assert turned_image(np.array(((1, 2), (3, 4))), 1).tolist() == [[3, 1], [4, 2]]
