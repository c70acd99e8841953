# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From an image and its camera to the input of the network."""

import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.network.preprocessing import grey_image, network_input, working_image


def test_images_are_resized_with_their_camera():
    camera = Camera(540, 360, 400, 400, 269.5, 179.5)
    grey, working = working_image(np.zeros((360, 540, 3), np.uint8), camera)
    assert grey.shape == (480, 720)
    assert (working.width, working.height) == (720, 480)
    assert working.cx == pytest.approx(359.5) and working.fx == pytest.approx(400 * 4 / 3)


@pytest.mark.parametrize('image, sentence', [
    (np.zeros((480, 640), np.float32), 'float32'), (np.zeros((480, 640, 4), np.uint8), 'shape'),
    (np.zeros((240, 320), np.uint8), '320x240.*640x480')])
def test_an_image_that_does_not_fit_is_named(image, sentence):
    with pytest.raises(ValueError, match=sentence):
        working_image(image, Camera(640, 480, 525, 525, 320, 240))


@pytest.mark.parametrize('width, height', [(1, 1), (640, 8), (8, 640), (2000, 20)])
def test_what_is_too_small_or_too_narrow_is_refused_before_it_is_enlarged(width, height):
    camera = Camera(width, height, width, width, width / 2, height / 2)
    with pytest.raises(ValueError, match=f'image size is {width}x{height}; at least 16 pixels'):
        working_image(np.zeros((height, width), np.uint8), camera)


def test_grey_images_pass_and_intensities_reach_one():
    image = np.full((16, 16), 255, np.uint8)
    assert grey_image(image) is image
    assert network_input(image, torch.device('cpu')).tolist()[0][0][0][0] == 1.0
