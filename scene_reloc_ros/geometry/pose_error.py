# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pose error, recall and view novelty: the figures that the field compares."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from scene_reloc_ros.geometry.poses import rotation_angle

RECALL_BOUNDS = {  # name -> (metres, degrees)
    'recall_2cm_2deg': (0.02, 2.0),
    'recall_5cm_5deg': (0.05, 5.0),
    'recall_10cm_5deg': (0.10, 5.0),
}
UNIT_M = 0.5  # a view from here is as novel as one turned by UNIT_RAD
UNIT_RAD = 0.5  # 29 degrees: half of what a usual camera sees
Poses = torch.Tensor | np.ndarray  # (..., 4, 4)


def pose_errors(map_from_cam: Poses,
                true_map_from_cam: Poses) -> tuple[torch.Tensor, torch.Tensor]:
    """Return translation errors (...) in metres and rotation errors (...) in degrees.

    Both arguments are (..., 4, 4); the rotation error is the geodesic angle of R R*^T.
    """
    estimate = torch.as_tensor(map_from_cam, dtype=torch.float64)
    truth = torch.as_tensor(true_map_from_cam, dtype=torch.float64)
    translation = (estimate[..., :3, 3] - truth[..., :3, 3]).norm(dim=-1)
    rotation = rotation_angle(estimate[..., :3, :3] @ truth[..., :3, :3].transpose(-1, -2))
    return translation, rotation * (180 / math.pi)


def recall(translation_m: torch.Tensor | npt.ArrayLike, rotation_deg: torch.Tensor | npt.ArrayLike,
           bounds: tuple[float, float]) -> float:
    """Return the share of frames within bounds = (metres, degrees).

    Rejected frames enter with NaN or Inf and count as missed; of no frames the recall is NaN.
    """
    translation = torch.as_tensor(translation_m, dtype=torch.float64)
    rotation = torch.as_tensor(rotation_deg, dtype=torch.float64)
    if translation.numel() == 0:
        return math.nan
    return float(((translation <= bounds[0]) & (rotation <= bounds[1])).double().mean())


def view_novelty(map_from_cam: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return how different a view (4, 4) is from each of the views (F, 4, 4): (F,), unitless.

    One is half a metre, or 0.5 rad, or some of both.
    """
    moved = (others[:, :3, 3] - map_from_cam[:3, 3]).norm(dim=-1)
    turned = rotation_angle(others[:, :3, :3].transpose(-1, -2) @ map_from_cam[:3, :3])
    return torch.hypot(moved / UNIT_M, turned / UNIT_RAD)
