# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How different two views of one camera are: what moved it and what turned it, in one figure."""

import torch

from scene_reloc_ros.geometry.poses import rotation_angle

UNIT_M = 0.5  # a view from here is as different as one turned by UNIT_RAD
UNIT_RAD = 0.5  # 29 degrees: half of what a usual camera sees


def view_novelty(map_from_cam, others):
    """Return how different each of the views (F, 4, 4) is from a view (4, 4): (F,), unitless.

    One is half a metre, or 0.5 rad, or some of both.
    """
    moved = (others[:, :3, 3] - map_from_cam[:3, 3]).norm(dim=-1)
    turned = rotation_angle(others[:, :3, :3].transpose(-1, -2) @ map_from_cam[:3, :3])
    return torch.hypot(moved / UNIT_M, turned / UNIT_RAD)
