# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Compressed depth means what the same depth means on a raw topic."""

import struct

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage

from scene_reloc_ros.geometry.depth import ANY_DEPTH, DepthRange
from scene_reloc_ros.ros.bridge.images import depth_of_message
from scene_reloc_ros.ros.compat.upstream import CvBridge

HEIGHT, WIDTH = 6, 8
HEADER = struct.pack('<iff', 0, 0.0, 0.0)


def compressed_depth(numbers, form, header=HEADER):
    """Return what image_transport makes of 16-bit numbers."""
    message = CompressedImage(format=form)
    message.data.frombytes(header + cv2.imencode('.png', numbers.astype(np.uint16))[1].tobytes())
    return message


@pytest.mark.parametrize('stated', [ANY_DEPTH, DepthRange(0.4, 8.0)])
@pytest.mark.parametrize(('form', 'header'), [
    ('16UC1; compressedDepth png', HEADER), ('16UC1; compressedDepth', HEADER),
    ('mono16; compressedDepth png', HEADER), ('16UC1; png compressed ', b''), ('png', b'')])
def test_millimetres_are_those_of_a_raw_topic(form, header, stated):
    numbers = np.random.default_rng(6).integers(200, 12000, (HEIGHT, WIDTH)).astype(np.uint16)
    numbers[0, :2] = 0, 65535
    raw = depth_of_message(CvBridge().cv2_to_imgmsg(numbers, '16UC1'), stated)
    np.testing.assert_array_equal(
        depth_of_message(compressed_depth(numbers, form, header), stated), raw)
    assert (raw[0, :2] == 0).all() and raw.any()


def test_metres_are_compressed_as_inverse_depths():
    """As compressed_depth_image_transport documents: quantisation 100, largest depth 10 m."""
    metres = np.linspace(0.5, 9.9, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    a = 100.0 * 101.0
    b = 1 - a / 10.0
    numbers = np.trunc(a / metres + b)
    numbers[0, 0] = 0
    message = compressed_depth(numbers, '32FC1; compressedDepth png', struct.pack('<iff', 0, a, b))
    depth_m = depth_of_message(message)
    assert depth_m[0, 0] == 0
    np.testing.assert_allclose(depth_m.ravel()[1:], metres.ravel()[1:], rtol=0.02)


@pytest.mark.parametrize(('form', 'content'), [
    ('16UC1; compressedDepth rvl', b'x' * 100), ('16UC1; compressedDepth png', b'x' * 12),
    ('16UC1; compressedDepth', b''), ('16UC1; compressedDepth png', b'x' * 100),
    ('16UC1; png compressed ', b'torn')])
def test_a_compressed_depth_that_cannot_be_read_is_named(form, content):
    message = CompressedImage(format=form)
    message.data.frombytes(content)
    with pytest.raises(ValueError, match=f'compressed depth of format .{form}. cannot be decoded'):
        depth_of_message(message)


def test_a_colour_picture_is_no_compressed_depth():
    message = CompressedImage(format='jpeg')
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    message.data.frombytes(cv2.imencode('.jpg', picture)[1].tobytes())
    with pytest.raises(ValueError, match='expected one channel of 16 bits'):
        depth_of_message(message)
