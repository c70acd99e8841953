# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Images on disk: their bits, their orientation tags, their depths."""

import cv2
import numpy as np
from PIL import Image
import pytest

from scene_reloc_ros.datasets.image_files import read_colour, read_depth
from scene_reloc_ros.geometry.camera import Camera

CAMERA = Camera(64, 48, 50.0, 50.0, 31.5, 23.5)
_ORIENTATION = 0x0112  # tag of EXIF


@pytest.mark.parametrize('bits', [8, 10, 12, 16])
def test_grey_of_any_depth_is_as_bright_as_it_is(bits, tmp_path):
    grey = np.tile(np.arange(192, 256, dtype=np.uint16), (48, 1))
    stored = grey.astype(np.uint8) if bits == 8 else grey << (bits - 8)
    cv2.imwrite(str(tmp_path / 'grey.png'), stored)
    read = read_colour(tmp_path / 'grey.png', CAMERA)
    assert read.dtype == np.uint8 and np.array_equal(read, grey)


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_a_tag_does_not_turn_a_picture_away_from_its_camera(orientation, tmp_path):
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:16, :16] = 255
    tags = Image.Exif()
    tags[_ORIENTATION] = orientation
    Image.fromarray(pixels).save(tmp_path / 'tagged.jpg', exif=tags, quality=95)
    read = read_colour(tmp_path / 'tagged.jpg', CAMERA)
    assert read.shape == (48, 64, 3)
    assert read[:12, :12].min() > 200 and read[20:, 20:].max() < 50


def test_transparency_and_palettes_are_colours(tmp_path):
    colour = np.random.default_rng(0).integers(0, 256, (48, 64, 4), np.uint8)
    Image.fromarray(colour, 'RGBA').save(tmp_path / 'alpha.png')
    assert np.array_equal(read_colour(tmp_path / 'alpha.png', CAMERA), colour[..., 2::-1])
    palette = Image.fromarray(colour[..., :3]).quantize(16)
    palette.save(tmp_path / 'palette.png')
    read = read_colour(tmp_path / 'palette.png', CAMERA)
    assert np.array_equal(read, np.asarray(palette.convert('RGB'))[..., ::-1])


def test_all_bits_of_a_depth_say_that_nothing_was_measured(tmp_path):
    raw = np.full((48, 64), 1500, np.uint16)
    raw[:8], raw[8:16] = 65535, 0
    cv2.imwrite(str(tmp_path / 'depth.png'), raw)
    for units, metres in ((1000, 1.5), (5000, 0.3)):
        depth_m = read_depth(tmp_path / 'depth.png', CAMERA, units)
        assert (depth_m[:16] == 0).all() and (depth_m[16:] == np.float32(metres)).all()
