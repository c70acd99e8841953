# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Looks transforms up at a stamp: a late one is waited for, a missing one is named."""

from __future__ import annotations

import time
from typing import Optional

import numpy as np
from rclpy.node import Node
from rclpy.subscription import Subscription
from rclpy.time import Time

from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_transform
from scene_reloc_ros.ros.bridge.transform_guard import TransformGuard
from scene_reloc_ros.ros.compat.upstream import Buffer, TransformException, TransformListener
from scene_reloc_ros.uncertainty.pose_plausibility import DoubtfulPose

PoseAnswer = tuple[Optional[np.ndarray], Optional[str]]  # (a_from_b, None) or (None, sentence)
_POLL_S = 0.005


class TransformLookup:
    """Answers ``a_from_b`` of /tf and /tf_static as poses."""

    def __init__(self, node: Node) -> None:
        """Listen on ``node``."""
        self._buffer = Buffer()
        self._guard = TransformGuard(self._buffer, node)
        self._listener = TransformListener(self._guard, node)

    @property
    def subscription(self) -> Subscription:
        """The subscription of /tf."""
        found: Subscription = self._listener.tf_sub
        return found

    def clear(self) -> None:
        """Forget what moves, as after a clock that jumped back."""
        self._guard.clear()

    def destroy(self) -> None:
        """Stop listening."""
        self._listener.unregister()

    def find(self, frame_a: str, frame_b: str, stamp_ns: int,
             wait_s: float = 0.0) -> PoseAnswer:
        """Return (a_from_b, None), or (None, sentence) when it is not known in time.

        Blocks for up to ``wait_s`` of wall time; call it from a worker, not from a callback.
        """
        if frame_a == frame_b:  # a camera on its own has no transforms
            return np.eye(4), None
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

    def newest(self, frame_a: str, frame_b: str) -> Optional[tuple[int, np.ndarray]]:
        """Return stamp and (4, 4) a_from_b of the newest transform, None where none is known."""
        try:
            found = self._buffer.lookup_transform(frame_a, frame_b, Time())
            return nanoseconds(found.header.stamp), pose_of_transform(found.transform)
        except (TransformException, ValueError):
            return None

    def refused(self, frame_a: str, frame_b: str) -> Optional[tuple[int, str]]:
        """Return stamp and sentence of a newest transform that is none, else None."""
        return self._guard.refused(frame_a, frame_b)

    def doubt(self, frame_a: str, frame_b: str, stamp_ns: int,
              longest_gap_s: float) -> Optional[DoubtfulPose]:
        """Return why what was found at a stamp is not believed, see ``TransformGuard.doubt``."""
        return self._guard.doubt(frame_a, frame_b, stamp_ns, longest_gap_s)


def _sentence(frame_a: str, frame_b: str, wait_s: float, error: Exception) -> str:
    return (f'no transform from {frame_a} to {frame_b} at the stamp of the image after '
            f'{wait_s:.2f} s ({error}); check who publishes it and the clocks')
