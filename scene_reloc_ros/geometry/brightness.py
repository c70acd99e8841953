# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of more than eight bits, as the eight that everything here works on."""

from __future__ import annotations

import numpy as np

_DEPTHS = (8, 10, 12, 16)  # bits of usual sensors


def eight_bits(image: np.ndarray) -> np.ndarray:
    """Return a picture as uint8: of uint16 the eight highest of the bits that its sensor has.

    How many those are no file says: it is the least usual number that holds the brightest pixel,
    so that a picture of 12 bits is as bright as it is, not black.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
    """
    if image.dtype != np.uint16:
        return image
    brightest = int(image.max(initial=0))
    bits = next(bits for bits in _DEPTHS if brightest < 1 << bits)
    return (image >> (bits - 8)).astype(np.uint8)
