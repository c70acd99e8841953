# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures and depths as coded bytes: one decoder each, for files and messages alike."""

from __future__ import annotations

import re

import cv2
import numpy as np

from scene_reloc_ros.geometry.brightness import eight_bits

# Grey stays grey, a palette becomes colours, alpha goes. A tag that turns the picture would turn
# it away from its camera model.
_AS_THE_SENSOR_HAS_IT = (cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
                         | cv2.IMREAD_IGNORE_ORIENTATION)
_JPEG_BEGINS, _JPEG_ENDS = b'\xff\xd8', 0xd9
# of a segment; what is left out stands among the bits of a scan, or fills up
_JPEG_MARKER = re.compile(rb'\xff([^\x00\x01\xd0-\xd7\xff])')
_MOST_PIXELS = 100_000_000  # that are decoded
_MOST_IN_A_BYTE = 10_000  # pixels: a blank one-bit PNG has 8000 in a byte
_HEADER_BYTES = 65_536  # in which a picture's size stands
_PNG = b'\x89PNG\r\n\x1a\n'
_NO_FRAMES = (0xc4, 0xc8, 0xcc)  # markers of JPEG among those of frames that are others


def decoded_picture(content: np.ndarray) -> np.ndarray:
    """Return a picture as (H, W) uint8 grey or (H, W, 3) uint8 BGR.

    Args:
        content: (N,) uint8, the bytes of a file such as jpeg or png.

    Raises ValueError where they are torn, or hold no picture of 8 or 16 bits.
    """
    image = _decoded(content, _AS_THE_SENSOR_HAS_IT)
    if image.dtype not in (np.uint8, np.uint16) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f'is no picture but {image.dtype} of shape {image.shape}; expected grey '
                         'or colour of 8 or 16 bits')
    return eight_bits(image)


def decoded_depth(content: np.ndarray) -> np.ndarray:
    """Return depths (H, W) uint16 in units of the file; ValueError as ``decoded_picture``."""
    raw = _decoded(content, cv2.IMREAD_UNCHANGED)
    if raw.dtype != np.uint16 or raw.ndim != 2:
        raise ValueError(f'is {raw.dtype} with {raw.ndim} dimensions; expected one channel of 16 '
                         'bits')
    return raw


def _decoded(content: np.ndarray, flags: int) -> np.ndarray:
    """Return what OpenCV makes of bytes; some of its releases take half a JPEG for a whole."""
    coded, image = content.tobytes(), None
    _refuse_claims(coded)
    if coded and not _is_cut_off(coded):
        try:
            image = cv2.imdecode(content, flags)
        except cv2.error:
            image = None
    if image is None:
        raise ValueError(f'cannot be decoded ({content.size} bytes)')
    return image


def _is_cut_off(content: bytes) -> bool:
    """Tell whether bytes are a JPEG without its end; a thumbnail's, or a trailer's, is not its."""
    if not content.startswith(_JPEG_BEGINS):
        return False
    at = len(_JPEG_BEGINS)
    while marker := _JPEG_MARKER.search(content, at):
        if marker[1][0] == _JPEG_ENDS:
            return False
        at = marker.end() + int.from_bytes(content[marker.end():marker.end() + 2], 'big')
    return True


def _refuse_claims(content: bytes) -> None:
    """Raise ValueError where damaged headers would have OpenCV make room for gigabytes."""
    if content.startswith(_PNG) and not _has_all_chunks(content):
        raise ValueError(f'cannot be decoded ({len(content)} bytes): cut off or damaged')
    width, height = _claimed_size(content[:_HEADER_BYTES])
    if width * height > min(_MOST_PIXELS, _MOST_IN_A_BYTE * len(content)):
        raise ValueError(f'says that it is {width}x{height}, in {len(content)} bytes')


def _has_all_chunks(data: bytes) -> bool:
    """Tell whether no chunk of a PNG reaches beyond its end (ISO/IEC 15948)."""
    at = len(_PNG)
    while at + 8 <= len(data) and data[at + 4:at + 8] != b'IEND':
        at += 12 + int.from_bytes(data[at:at + 4], 'big')
    return at <= len(data)


def _claimed_size(data: bytes) -> tuple[int, int]:
    """Return (width, height) as the header of a PNG or JPEG has them, zeros where it has none.

    PNG: first chunk (ISO/IEC 15948); JPEG: first frame header among the markers (ITU-T T.81).
    """
    if data.startswith(_PNG) and len(data) >= 24:
        return int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
    at = 2 if data.startswith(b'\xff\xd8') else len(data)
    while at + 9 <= len(data) and data[at] == 0xff:
        if 0xc0 <= data[at + 1] <= 0xcf and data[at + 1] not in _NO_FRAMES:
            return (int.from_bytes(data[at + 7:at + 9], 'big'),
                    int.from_bytes(data[at + 5:at + 7], 'big'))
        at += 2 + int.from_bytes(data[at + 2:at + 4], 'big')
    return 0, 0
