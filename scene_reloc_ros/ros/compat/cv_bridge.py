# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""CvBridge with the signatures of cv_bridge, for the encodings that cameras send."""

from __future__ import annotations

import sys
from typing import Optional

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

# encoding -> (item type, channels)
LAYOUTS = {
    'mono8': (np.uint8, 1), '8UC1': (np.uint8, 1), '8UC3': (np.uint8, 3), '8UC4': (np.uint8, 4),
    'bgr8': (np.uint8, 3), 'rgb8': (np.uint8, 3), 'bgra8': (np.uint8, 4), 'rgba8': (np.uint8, 4),
    'yuv422': (np.uint8, 2), 'uyvy': (np.uint8, 2), 'yuv422_yuy2': (np.uint8, 2),
    'yuyv': (np.uint8, 2), 'bgr16': (np.uint16, 3), 'rgb16': (np.uint16, 3),
    'bgra16': (np.uint16, 4), 'rgba16': (np.uint16, 4), '16UC3': (np.uint16, 3),
    '16UC4': (np.uint16, 4), 'mono16': (np.uint16, 1), '16UC1': (np.uint16, 1),
    '32FC1': (np.float32, 1),
}
_TO_BGR = {
    'rgb8': cv2.COLOR_RGB2BGR, 'rgba8': cv2.COLOR_RGBA2BGR, 'bgra8': cv2.COLOR_BGRA2BGR,
    '8UC4': cv2.COLOR_BGRA2BGR, 'mono8': cv2.COLOR_GRAY2BGR, '8UC1': cv2.COLOR_GRAY2BGR,
    'yuv422': cv2.COLOR_YUV2BGR_UYVY, 'uyvy': cv2.COLOR_YUV2BGR_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2BGR_YUY2, 'yuyv': cv2.COLOR_YUV2BGR_YUY2,
}
_TO_BGR16 = {'rgb16': cv2.COLOR_RGB2BGR, 'rgba16': cv2.COLOR_RGBA2BGR,
             'bgra16': cv2.COLOR_BGRA2BGR}


class CvBridgeError(TypeError):
    """An image could not be converted; the text says why."""


class CvBridge:
    """Converts between image messages and arrays."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = 'passthrough') -> np.ndarray:
        """Return the image as an array; with 'passthrough' a view of the message's data."""
        image = _view(img_msg)
        if desired_encoding in ('passthrough', img_msg.encoding):
            return image
        if desired_encoding == 'bgr8' and img_msg.encoding in ('bgr8', '8UC3'):
            return image
        if desired_encoding == 'bgr8' and img_msg.encoding in _TO_BGR:
            return cv2.cvtColor(image, _TO_BGR[img_msg.encoding])
        if desired_encoding == 'bgr16' and img_msg.encoding in _TO_BGR16:
            return cv2.cvtColor(image, _TO_BGR16[img_msg.encoding])
        if desired_encoding == 'mono8' and img_msg.encoding == '8UC1':
            return image
        if desired_encoding == 'mono8' and img_msg.encoding == 'mono16':
            return cv2.convertScaleAbs(image, alpha=255 / 65535)
        raise CvBridgeError(f'no conversion from {img_msg.encoding} to {desired_encoding}')

    def cv2_to_imgmsg(self, cvim: np.ndarray, encoding: str = 'passthrough',
                      header: Optional[Header] = None) -> Image:
        """Return an Image message that holds a copy of ``cvim``."""
        if encoding not in LAYOUTS:
            raise CvBridgeError(f'encoding {encoding} is unknown')
        image = np.ascontiguousarray(cvim)
        message = Image(height=image.shape[0], width=image.shape[1], encoding=encoding,
                        is_bigendian=int(sys.byteorder == 'big'),
                        step=image.strides[0])
        if header is not None:
            message.header = header
        message.data.frombytes(image.tobytes())
        return message


def _view(message: Image) -> np.ndarray:
    """Make an array of a message's data without a copy, rows may be padded."""
    if message.encoding not in LAYOUTS:
        raise CvBridgeError(f'encoding {message.encoding!r} is unknown')
    item, channels = LAYOUTS[message.encoding]
    item = np.dtype(item).newbyteorder('>' if message.is_bigendian else '<')
    row_bytes = message.width * channels * item.itemsize
    data = np.frombuffer(message.data, np.uint8)
    if message.step < row_bytes or data.size < message.step * message.height:
        raise CvBridgeError(
            f'{message.width}x{message.height} {message.encoding} needs rows of {row_bytes} '
            f'bytes; the message has step {message.step} and {data.size} bytes')
    rows = data[:message.step * message.height].reshape(message.height, message.step)
    image = rows[:, :row_bytes].view(item)
    if channels > 1:
        image = image.reshape(message.height, message.width, channels)
    return image if item.isnative else image.astype(item.newbyteorder('='))
