# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Looks transforms up at a stamp: a late one is waited for, a missing one is named."""

import time

from rclpy.time import Time

from scene_reloc_ros.ros.bridge.conversions import pose_of_transform
from scene_reloc_ros.ros.compat.upstream import Buffer, TransformException, TransformListener

_POLL_S = 0.005


class TransformLookup:
    """Answers ``a_from_b`` of /tf and /tf_static as poses."""

    def __init__(self, node):
        """Listen on ``node``."""
        self._buffer = Buffer()
        self._listener = TransformListener(self._buffer, node)

    def clear(self):
        """Forget what moves, as after a clock that jumped back."""
        self._buffer.clear()

    def destroy(self):
        """Stop listening."""
        self._listener.unregister()

    def find(self, frame_a, frame_b, stamp_ns, wait_s=0.0):
        """Return (a_from_b, None), or (None, sentence) when it is not known in time.

        Blocks for up to ``wait_s`` of wall time; call it from a worker, not from a callback.
        """
        deadline = time.monotonic() + wait_s
        while True:
            try:
                found = self._buffer.lookup_transform(
                    frame_a, frame_b, Time(nanoseconds=stamp_ns))
                return pose_of_transform(found.transform), None
            except (TransformException, ValueError) as error:
                if time.monotonic() >= deadline:
                    return None, _sentence(frame_a, frame_b, wait_s, error)
            time.sleep(_POLL_S)


def _sentence(frame_a, frame_b, wait_s, error):
    return (f'no transform from {frame_a} to {frame_b} at the stamp of the image after '
            f'{wait_s:.2f} s ({error}); check who publishes it and the clocks')
