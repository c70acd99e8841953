# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The debug picture: rings where points are seen, dots where the pose puts them, and words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.relocaliser.view.caption import Caption
from scene_reloc_ros.ros.relocaliser.view.debug_picture import draw_debug_picture, reprojected
from scene_reloc_ros.uncertainty.rejection import Rejection

CAMERA = Camera(640, 480, 500.0, 500.0, 319.5, 239.5)
POSE = se3_exp(torch.tensor([0.5, -0.3, 0.2, 0.2, -0.4, 0.1]).double()).numpy()
PIXELS = np.array([[100.0, 300.0], [320.0, 260.0], [600.0, 420.0]])
OFFSET = np.array([12.0, -9.0])  # pixels, of what the pose expects from what is seen
CAPTION = Caption('localised', '3 of 48 points agree', (70, 220, 90))
GREY = np.full((480, 640), 100, np.uint8)
SEEN, EXPECTED, REFUSED = (80, 255, 80), (220, 90, 255), (40, 160, 255)  # blue, green, red


def localisation(rejection=None):
    """Return an answer whose points are expected a little beside where they are seen."""
    rays = (np.c_[PIXELS + OFFSET, np.ones(3)] - (CAMERA.cx, CAMERA.cy, 0)) / (500, 500, 1)
    points = rays * np.array([[2.0], [3.0], [4.0]]) @ POSE[:3, :3].T + POSE[:3, 3]
    return Localisation(None if rejection else POSE, None, rejection, '', 3, 48,
                        PIXELS.astype(np.float32), points, 1.0, 0.9, 'reference', 'cpu')


def of_colour(picture, colour):
    """Return where a picture has about a colour; smooth lines have it nearly."""
    return (np.abs(picture.astype(int) - colour) < 60).all(-1)


def has(picture, colour, pixel, reach):
    """Tell whether a picture has a colour within so many pixels of a pixel."""
    u, v = np.rint(pixel).astype(int)
    return bool(of_colour(picture, colour)[max(0, v - reach):v + reach + 1,
                                           max(0, u - reach):u + reach + 1].any())


def test_points_are_reprojected_to_the_pixels_that_the_pose_says():
    found = localisation()
    np.testing.assert_allclose(
        reprojected(POSE, CAMERA, found.inlier_points), PIXELS + OFFSET, atol=1e-9)
    behind = POSE[:3, 3] - POSE[:3, 2]
    assert np.isnan(reprojected(POSE, CAMERA, behind[None])).all()


def test_there_is_a_ring_at_every_inlier_and_a_dot_where_its_point_is_expected():
    picture = draw_debug_picture(GREY, CAMERA, localisation(), True, CAPTION)
    assert picture.shape == (480, 640, 3)
    for pixel in PIXELS:
        assert has(picture, SEEN, pixel - (4, 0), 1)
        assert has(picture, EXPECTED, pixel + OFFSET, 0)
        assert (picture[int(pixel[1]) + 20, int(pixel[0]) + 20] == 100).all()


def test_a_refused_picture_shows_what_agreed_and_no_pose():
    found = localisation(Rejection.TOO_FEW_INLIERS)
    picture = draw_debug_picture(GREY, CAMERA, found, False, CAPTION)
    assert has(picture, REFUSED, PIXELS[0] - (4, 0), 1)
    below = picture[240:]  # of the text
    assert not of_colour(below, SEEN).any() and not of_colour(below, EXPECTED).any()
    held_back = draw_debug_picture(GREY, CAMERA, localisation(), False, CAPTION)  # by the gate
    assert not of_colour(held_back[240:], EXPECTED).any()


@pytest.mark.parametrize('size', [(64, 48), (320, 240), (1920, 1080), (30, 200)])
def test_text_fits_any_picture_and_leaves_its_lower_half_alone(size):
    camera = CAMERA.scaled(*size)
    empty = replace(localisation(), inlier_pixels=np.zeros((0, 2)), inlier_points=np.zeros((0, 3)))
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    picture = draw_debug_picture(image, camera, empty, True, CAPTION)
    assert picture.shape == image.shape and (image == 200).all()
    assert (picture[:3] != 200).any()
    if size[0] >= 320:
        assert (picture[size[1] // 2:] == 200).all()
        assert of_colour(picture[:size[1] // 2], CAPTION.colour[::-1]).any()


def test_points_behind_the_camera_or_far_outside_are_left_out():
    found = localisation()
    points = np.array([POSE[:3, 3] - POSE[:3, 2], POSE[:3, 3] + POSE[:3, 0] + 1e-8 * POSE[:3, 2],
                       found.inlier_points[2]])
    picture = draw_debug_picture(GREY, CAMERA, replace(found, inlier_points=points), True, CAPTION)
    assert has(picture, EXPECTED, PIXELS[2] + OFFSET, 0)
    assert not has(picture, EXPECTED, PIXELS[0] + OFFSET, 3)
