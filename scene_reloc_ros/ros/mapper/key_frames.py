# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chooses key frames: far enough, turned enough, late enough."""

import math

import numpy as np

from scene_reloc_ros.geometry.pose_error import pose_errors


class KeyFrameSelection:
    """Remembers the last key frame and judges the next frame by it."""

    def __init__(self):
        """Start without a key frame; the first frame is always wanted."""
        self._stamp_ns = -math.inf
        self._map_from_cam = None

    def wants(self, stamp_ns, map_from_cam, options):
        """Tell whether a frame has moved or turned enough, and enough time has passed.

        Args:
            stamp_ns: of the frame.
            map_from_cam: (4, 4).
            options: MapperNodeOptions.
        """
        if self._map_from_cam is None:
            return True
        if stamp_ns - self._stamp_ns < options.key_frame_interval * 1e9:
            return False
        moved_m, turned_deg = pose_errors(
            np.asarray(map_from_cam, np.float64), self._map_from_cam)
        return bool(moved_m >= options.key_frame_translation
                    or turned_deg >= options.key_frame_rotation)

    def keep(self, stamp_ns, map_from_cam):
        """Take a frame as the last key frame."""
        self._stamp_ns = stamp_ns
        self._map_from_cam = np.asarray(map_from_cam, np.float64)
