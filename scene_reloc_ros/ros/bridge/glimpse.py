# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Glimpses: of a message that nobody will work on, its stamp alone is read."""

from __future__ import annotations

from dataclasses import dataclass
import struct

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

_ENCAPSULATION = 4  # bytes before the first field; the last bit of the second: little-endian
_STAMP = 8  # bytes: int32 seconds, uint32 nanoseconds


@dataclass(frozen=True)
class Glimpse:
    """What is known of such a message."""

    header: Header  # its stamp; the frame is not read

    @classmethod
    def of(cls, wire: bytes) -> Glimpse:
        """Return that of a message as it came over the wire, whose first field is its header.

        The wire format is CDR (OMG, formal/02-06-51, 15.3), whatever the middleware. ValueError
        where the message ends before its stamp does.
        """
        if len(wire) < _ENCAPSULATION + _STAMP:
            raise ValueError(f'a message of {len(wire)} bytes has no header; check who sends it')
        order = '<' if wire[1] & 1 else '>'
        seconds, nanoseconds = struct.unpack_from(f'{order}iI', wire, _ENCAPSULATION)
        return cls(Header(stamp=Time(sec=seconds, nanosec=nanoseconds)))
