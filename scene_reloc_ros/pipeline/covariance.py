# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From the solver's information to a covariance in the order and frame of ROS."""

import math

import torch


def map_covariance(cam_from_map, information, correlated_cells, map_error_m, map_error_deg):
    """Return the (6, 6) covariance of map_from_cam: x, y, z, then rotations about x, y, z.

    The solver's twist d moves the camera in its own frame, exp(d) cam_from_map; to first order
    map_from_cam moves by -d seen from the map: both halves are turned by its rotation. The
    rotations are about the fixed axes of the map (REP-103), at the camera's position.

    Args:
        cam_from_map: (4, 4) float64.
        information: (6, 6) float64, as if every cell were independent.
        correlated_cells: how many neighbouring cells carry the knowledge of one, count.
        map_error_m, map_error_deg: standard deviations an axis of what all cells share and no
            residual shows: errors of the mapping poses and of the calibration.
    """
    damped = information + torch.eye(6, dtype=information.dtype) * 1e-9
    covariance = torch.linalg.inv(damped) * correlated_cells
    turn = torch.block_diag(cam_from_map[:3, :3].T, cam_from_map[:3, :3].T)
    shared = torch.tensor((map_error_m,) * 3 + (math.radians(map_error_deg),) * 3).double() ** 2
    covariance = turn @ covariance @ turn.T + torch.diag(shared)
    return (covariance + covariance.T) / 2
