# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a message that is not read."""

import struct

from builtin_interfaces.msg import Time
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from scene_reloc_ros.ros.bridge.glimpse import Glimpse


@pytest.mark.parametrize('kind', [Image, CompressedImage])
@pytest.mark.parametrize('sec, nanosec', [(0, 0), (1_764_331_200, 999_999_999), (-5, 7)])
def test_the_stamp_is_that_of_the_message(kind, sec, nanosec):
    stamp = Time(sec=sec, nanosec=nanosec)
    message = kind(header=Header(stamp=stamp, frame_id='camera'), data=bytes(100))
    assert Glimpse.of(serialize_message(message)).header.stamp == stamp


def test_a_sender_with_the_other_order_of_bytes_is_understood():
    wire = bytes((0, 0, 0, 0)) + struct.pack('>iI', 12, 34) + bytes(20)
    assert Glimpse.of(wire).header.stamp == Time(sec=12, nanosec=34)


@pytest.mark.parametrize('length', [0, 4, 11])
def test_a_message_that_ends_before_its_stamp_is_refused_by_a_sentence(length):
    with pytest.raises(ValueError, match=f'{length} bytes has no header'):
        Glimpse.of(bytes(length))
