# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Whatever a camera's messages hold: a picture, depths or a camera that make sense, or a sentence.

The strategies mix fields that are right with garbage, so that each check is reached.
"""

import os
import struct

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_reloc_ros.geometry.camera import DISTORTION_MODELS
from scene_reloc_ros.geometry.depth import DepthRange
from scene_reloc_ros.ros.bridge.conversions import camera_of_message
from scene_reloc_ros.ros.bridge.images import (
    COLOUR_ENCODINGS,
    DEEP_COLOUR_ENCODINGS,
    depth_of_message,
    DEPTH_UNITS,
    GREY_ENCODINGS,
    image_of_message,
)

# 10 000 and more where somebody asks for them
EXAMPLES = int(os.environ.get('SCENE_RELOC_EXAMPLES', '150'))
ENCODINGS = (*COLOUR_ENCODINGS, *DEEP_COLOUR_ENCODINGS, *GREY_ENCODINGS, *DEPTH_UNITS,
             'bayer_rggb8', 'nv12', '', 'nonsense')
FORMATS = ('jpeg', 'png', 'rgb8; jpeg compressed bgr8', 'bayer_rggb8; png compressed ', '',
           '16UC1; compressedDepth png', '32FC1; compressedDepth png',
           '16UC1; compressedDepth rvl',
           '16UC1; png compressed ')
NOISE = np.random.default_rng(0).integers(0, 65536, (20, 30, 4)).astype(np.uint16)
CODED = [cv2.imencode(ending, picture)[1].tobytes() for ending, picture in (
    ('.png', NOISE), ('.png', NOISE[..., :3]), ('.png', NOISE[..., 0]), ('.tiff', NOISE[..., 0]),
    ('.png', NOISE[..., 0].astype(np.uint8)), ('.jpg', NOISE[..., :3].astype(np.uint8)),
    ('.tiff', NOISE[..., 0].astype(np.float32)), ('.bmp', NOISE[..., :3].astype(np.uint8)))]
SIZES = st.integers(0, 33)
NUMBERS = st.sampled_from((0.0, 1.0, -1.0, 320.0, 240.0, 525.0, 1e6, -1e-9)) | st.floats()
STATED = DepthRange(0.3, 8.0)


@st.composite
def images(draw):
    """Draw an Image whose size, step and data need not agree."""
    height, width, depth = draw(SIZES), draw(SIZES), draw(st.integers(1, 8))
    message = Image(height=height, width=width, encoding=draw(st.sampled_from(ENCODINGS)),
                    is_bigendian=draw(st.integers(0, 255)),
                    step=draw(st.just(width * depth) | st.integers(0, 300)))
    seed, missing = draw(st.integers(0, 99)), draw(st.sampled_from((0, 0, 0, 1, 50)))
    content = np.random.default_rng(seed).integers(0, 256, height * message.step, np.uint8)
    message.data.frombytes(content[:max(0, len(content) - missing)].tobytes())
    return message


@st.composite
def compressed_images(draw):
    """Draw a CompressedImage: whole, torn, with bits that flipped, or of bytes of any kind."""
    content = bytearray(draw(st.sampled_from(CODED) | st.binary(max_size=60)))
    for at in draw(st.lists(st.integers(0, 3000), max_size=3)):
        if content:
            content[at % len(content)] ^= 1 << at % 8
    content = content[:draw(st.just(len(content)) | st.integers(0, 3000))]
    header = draw(st.just(b'') | st.builds(
        struct.Struct('<iff').pack, st.integers(-9, 9), st.floats(width=32), st.floats(width=32)))
    message = CompressedImage(format=draw(st.sampled_from(FORMATS)))
    message.data.frombytes(header + bytes(content))
    return message


@st.composite
def camera_infos(draw):
    """Draw a CameraInfo with numbers of any kind in any place."""
    model = draw(st.sampled_from((*DISTORTION_MODELS, 'fisheye', '', 'Nonsense')))
    message = CameraInfo(
        width=draw(st.just(640) | st.integers(0, 2 ** 32 - 1)),
        height=draw(st.just(480) | st.integers(0, 9000)), distortion_model=model,
        d=draw(st.lists(NUMBERS, max_size=15)), binning_x=draw(st.integers(0, 700)))
    message.k = [525.0, 0.0, 320.0, 0.0, 525.0, 240.0, 0.0, 0.0, 1.0]
    message.p = [525.0, 0.0, 320.0, -5.0, 0.0, 525.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    for at, value in draw(st.lists(st.tuples(st.integers(0, 8), NUMBERS), max_size=3)):
        message.k[at] = message.p[at] = value
    roi = message.roi
    roi.x_offset, roi.y_offset, roi.width, roi.height = (
        draw(st.sampled_from((0, 0, 0, 100, 640, 2 ** 32 - 1))) for _ in range(4))
    return message


@settings(max_examples=EXAMPLES, deadline=None)
@given(images() | compressed_images())
def test_a_message_is_a_picture_or_a_sentence(message):
    try:
        image = image_of_message(message)
    except ValueError as error:
        assert len(str(error)) > 20 and '\n' not in str(error).strip()
        return
    assert image.dtype == np.uint8
    assert image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)


@settings(max_examples=EXAMPLES, deadline=None)
@given(images() | compressed_images())
def test_a_message_is_depths_within_the_stated_range_or_a_sentence(message):
    try:
        depth_m = depth_of_message(message, STATED)
    except ValueError as error:
        assert len(str(error)) > 20
        return
    assert depth_m.dtype == np.float32 and depth_m.ndim == 2
    known = depth_m[depth_m != 0]
    assert (known >= np.float32(0.3)).all() and (known <= 8).all()


@settings(max_examples=EXAMPLES, deadline=None)
@given(camera_infos(), st.booleans())
def test_a_camera_info_is_a_camera_that_sees_or_a_sentence(message, rectified):
    try:
        camera = camera_of_message(message, rectified)
    except ValueError as error:
        assert len(str(error)) > 20
        return
    assert 16 <= min(camera.width, camera.height) and camera.focal > 0
    if not message.roi.width * message.roi.height:
        ray = camera.rays([(camera.width / 2, camera.height / 2)])[0]
        assert np.isfinite(ray).all() and ray[2] == 1
