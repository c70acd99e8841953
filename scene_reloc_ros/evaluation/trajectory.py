# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Trajectories in TUM format, as ``evo`` reads them."""

from scene_reloc_ros.geometry.poses import translation_quaternion_from_pose

_NANOSECONDS = 1_000_000_000


def tum_line(stamp_ns, map_from_cam):
    """Return one line ``stamp tx ty tz qx qy qz qw``, in seconds and metres."""
    translation, quaternion = translation_quaternion_from_pose(map_from_cam)
    numbers = ' '.join(f'{value:.9f}' for value in (*translation, *quaternion))
    return f'{stamp_ns // _NANOSECONDS}.{stamp_ns % _NANOSECONDS:09d} {numbers}\n'
