# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of 10, 12 and 16 bits are as bright as they are."""

import numpy as np
import pytest

from scene_reloc_ros.geometry.brightness import eight_bits


@pytest.mark.parametrize('bits', [8, 10, 12, 16])
def test_a_picture_is_as_bright_whatever_its_bits(bits):
    grey = np.tile(np.arange(256, dtype=np.uint16), (4, 1))
    assert np.array_equal(eight_bits(grey << (bits - 8)), grey.astype(np.uint8))


def test_colour_keeps_its_channels_and_eight_bits_are_left_alone():
    colour = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    assert eight_bits(colour) is colour
    assert np.array_equal(eight_bits(colour.astype(np.uint16) << 8), colour)
    assert eight_bits(np.zeros((2, 2), np.uint16)).max() == 0
