# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Depth as image_transport compresses it: by ``compressedDepth``, or as a plain png."""

from __future__ import annotations

import struct

import numpy as np
from sensor_msgs.msg import CompressedImage

from scene_reloc_ros.geometry.depth import DepthRange, known_depth
from scene_reloc_ros.geometry.pictures import decoded_depth

_HEADER = struct.Struct('<iff')  # kind of compression, and A and B of the inverse depth
_MILLIMETRES = 1000.0  # units per metre


def depth_of_compressed(message: CompressedImage, stated: DepthRange) -> np.ndarray:
    """Return (H, W) float32 metres, 0 where unknown; ValueError says what cannot be read.

    ``compressedDepth`` of metres (32FC1) sends the integers A / z + B, and 0 where z is unknown.

    Args:
        message: with 16-bit numbers coded as png.
        stated: range of the sensor.
    """
    encoding, _, coded_as = message.format.partition(';')
    content = np.frombuffer(message.data, np.uint8)
    try:
        if 'compressedDepth' not in message.format:
            return known_depth(decoded_depth(content), _MILLIMETRES, stated)
        if any(other in coded_as for other in ('rvl', 'zstd')) or len(content) <= _HEADER.size:
            raise ValueError('cannot be decoded; let its publisher code as png')
        raw = decoded_depth(content[_HEADER.size:])
        if encoding.strip() != '32FC1':
            return known_depth(raw, _MILLIMETRES, stated)
        _, a, b = _HEADER.unpack(content[:_HEADER.size].tobytes())
        with np.errstate(divide='ignore'):
            metres = np.where(raw > 0, a / (raw.astype(np.float64) - b), 0)
        return known_depth(metres, 1.0, stated)
    except ValueError as error:
        raise ValueError(f'compressed depth of format {message.format!r} {error}; send '
                         'compressedDepth, or png of 16UC1') from error
