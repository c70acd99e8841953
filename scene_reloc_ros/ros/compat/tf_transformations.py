# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Quaternions and 4x4 matrices with the signatures of tf_transformations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scene_reloc_ros.geometry.poses import (
    pose_from_translation_quaternion,
    translation_quaternion_from_pose,
)


def quaternion_matrix(quaternion: Sequence[float]) -> np.ndarray:
    """Return the (4, 4) matrix of a quaternion x, y, z, w of any length but zero."""
    return pose_from_translation_quaternion(np.zeros(3), np.asarray(quaternion, np.float64))


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return the quaternion x, y, z, w, w >= 0, of the rotation in a (4, 4) matrix."""
    return translation_quaternion_from_pose(matrix)[1]
