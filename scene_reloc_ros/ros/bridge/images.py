# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From image messages to arrays the core takes; what cannot be read is named in a sentence."""

from __future__ import annotations

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from scene_reloc_ros.geometry.brightness import eight_bits
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import ANY_DEPTH, DepthRange, known_depth, registered_depth
from scene_reloc_ros.geometry.pictures import decoded_picture
from scene_reloc_ros.ros.bridge.compressed_depth import depth_of_compressed
from scene_reloc_ros.ros.compat.upstream import CvBridge, CvBridgeError

COLOUR_ENCODINGS = ('bgr8', 'rgb8', 'bgra8', 'rgba8', 'yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv',
                    '8UC3', '8UC4')
DEEP_COLOUR_ENCODINGS = ('bgr16', 'rgb16', 'bgra16', 'rgba16', '16UC3', '16UC4')
GREY_ENCODINGS = ('mono8', '8UC1', 'mono16')
DEPTH_UNITS = {'16UC1': 1000.0, 'mono16': 1000.0, '32FC1': 1.0}  # units per metre
_PAIRED = ('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv')
_bridge = CvBridge()


def image_of_message(message: Image | CompressedImage) -> np.ndarray:
    """Return (H, W, 3) uint8 BGR or (H, W) uint8 grey of an Image or CompressedImage.

    A view of the message's data where no conversion is needed. ValueError says in one sentence
    what cannot be read and what to do.
    """
    if hasattr(message, 'format'):
        return _decoded(message)
    encoding = message.encoding
    _refuse_unreadable(encoding)
    if encoding == 'mono16':
        return eight_bits(_converted(message, 'passthrough'))
    if encoding in DEEP_COLOUR_ENCODINGS:
        deep = _converted(message, 'passthrough' if encoding.startswith('16UC') else 'bgr16')
        return eight_bits(np.ascontiguousarray(deep[..., :3]))
    return _converted(message, 'bgr8' if encoding in COLOUR_ENCODINGS else 'mono8')


def depth_beside(message: Image | CompressedImage, image: Image | CompressedImage, camera: Camera,
                 stated: DepthRange = ANY_DEPTH) -> np.ndarray:
    """Return the depth (H, W) of a message that belongs to an image message and its camera.

    Raises ValueError where it is of another frame or shape: nothing is registered here.

    Args:
        message: the depth.
        image: the image.
        camera: of the image.
        stated: range of the sensor.
    """
    frames = message.header.frame_id, image.header.frame_id
    if all(frames) and frames[0] != frames[1]:
        raise ValueError(f'the depth is in frame {frames[0]!r}, the image in {frames[1]!r}: '
                         'register it to the colour camera (depth_image_proc/register, or '
                         'align_depth of the driver)')
    return registered_depth(depth_of_message(message, stated), camera)


def depth_of_message(message: Image | CompressedImage,
                     stated: DepthRange = ANY_DEPTH) -> np.ndarray:
    """Return (H, W) float32 metres, 0 where unknown, of a 16UC1 or 32FC1 depth image."""
    if hasattr(message, 'format'):
        return depth_of_compressed(message, stated)
    if message.encoding not in DEPTH_UNITS:
        raise ValueError(f'depth encoding {message.encoding!r} is not supported; send 16UC1 in '
                         'millimetres or 32FC1 in metres')
    return known_depth(_converted(message, 'passthrough'), DEPTH_UNITS[message.encoding], stated)


def refuse_other_size(image: np.ndarray, camera: Camera) -> None:
    """Raise ValueError where image and camera_info are of different sizes."""
    height, width = image.shape[:2]
    if (width, height) != (camera.width, camera.height):
        raise ValueError(
            f'image is {width}x{height} but camera_info says {camera.width}x{camera.height}; '
            'let the driver publish the camera_info of the published image')


def _refuse_unreadable(encoding: str) -> None:
    _refuse_bayer(encoding)
    if encoding not in COLOUR_ENCODINGS + DEEP_COLOUR_ENCODINGS + GREY_ENCODINGS:
        raise ValueError(f'image encoding {encoding!r} is not supported; send one of '
                         f'{", ".join(GREY_ENCODINGS + COLOUR_ENCODINGS + DEEP_COLOUR_ENCODINGS)}')


def _refuse_bayer(encoding: str) -> None:
    if encoding.startswith('bayer'):
        raise ValueError(f'image encoding {encoding} is raw Bayer data; run image_proc debayer '
                         'and subscribe to its image_color or image_mono')


def _converted(message: Image, wanted: str) -> np.ndarray:
    if not message.width * message.height:
        raise ValueError(f'image is empty ({message.width}x{message.height}); check the camera '
                         'driver')
    if message.encoding in _PAIRED and message.width % 2:
        raise ValueError(f'image cannot be read: {message.encoding} shares colours between two '
                         f'pixels, but its width is {message.width}; check the camera driver')
    try:
        return _bridge.imgmsg_to_cv2(message, wanted)
    except (CvBridgeError, ValueError, cv2.error) as error:
        reason = ' '.join(str(error).split())  # OpenCV's has several lines
        raise ValueError(f'image cannot be read: {reason}; check the camera driver') from error


def _decoded(message: CompressedImage) -> np.ndarray:
    if 'compressedDepth' in message.format:
        raise ValueError(f'compressed image of format {message.format!r} holds depth, no picture; '
                         'subscribe to the colour topic')
    encoding, _, coded_as = message.format.partition(';')
    if 'bgr' not in coded_as:  # image_transport codes the mosaic as it is, like a grey picture
        _refuse_bayer(encoding)
    try:
        return decoded_picture(np.frombuffer(message.data, np.uint8))
    except ValueError as error:
        raise ValueError(f'compressed image of format {message.format!r} {error}; send jpeg or '
                         'png') from error
