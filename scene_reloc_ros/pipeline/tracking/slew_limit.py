# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Slew limit: how fast a correction of odometry may move the robot in the map."""

from __future__ import annotations

import math

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose, rotation_vector, so3_exp


def slew_limited(present: np.ndarray, target: np.ndarray, odom_from_base: np.ndarray,
                 largest_m: float, largest_rad: float) -> np.ndarray:
    """Return map_from_odom on its way from ``present`` to ``target``, each (4, 4).

    What must not move fast is the robot: a turn about the far origin of odometry would swing it.
    So its pose in the map goes at most ``largest_m`` metres and ``largest_rad`` rad.
    """
    if largest_m == largest_rad == math.inf:
        return target
    begin, end = present @ odom_from_base, target @ odom_from_base
    moved = end[:3, 3] - begin[:3, 3]
    turned = rotation_vector(end[:3, :3] @ begin[:3, :3].T)
    robot = begin.copy()
    robot[:3, 3] += moved * _share(float(np.linalg.norm(moved)), largest_m)
    share = _share(float(np.linalg.norm(turned)), largest_rad)
    if share == 1.0:
        robot[:3, :3] = end[:3, :3]
    else:
        robot[:3, :3] = _rotation(turned * share) @ begin[:3, :3]
    return robot @ invert_pose(odom_from_base)


def _share(length: float, largest: float) -> float:
    return 1.0 if length <= largest else largest / length


def _rotation(vector: np.ndarray) -> np.ndarray:
    return so3_exp(torch.from_numpy(vector)).numpy()
