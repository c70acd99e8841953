# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From the solver's information to a covariance in the order and frame of ROS."""

import math

import torch


def camera_covariance(information, distance, calibration):
    """Return the calibrated covariance (6, 6) of the twist d in exp(d) cam_from_map.

    Args:
        information: (6, 6) float64 of the twist, as if every cell were independent.
        distance: from the nearest mapping view (``view_novelty``), unitless.
        calibration: CovarianceModel.
    """
    damped = information + torch.eye(6, dtype=information.dtype) * 1e-9
    scale = information.new_tensor((calibration.translation_scale,) * 3
                                   + (calibration.rotation_scale,) * 3)
    shared = information.new_tensor((calibration.floor_m,) * 3 + (calibration.floor_rad,) * 3)
    covariance = scale[:, None] * torch.linalg.inv(damped) * scale + torch.diag(shared ** 2)
    return symmetric(covariance) * (1 + calibration.growth * distance) ** 2


def map_covariance(cam_from_map, covariance):
    """Return the covariance (6, 6) of map_from_cam: x, y, z, then rotations about x, y, z.

    The twist d moves the camera in its own frame, exp(d) cam_from_map; to first order
    map_from_cam moves by -d seen from the map: both halves are turned by its rotation. The
    rotations are about the fixed axes of the map (REP-103), at the camera's position.

    Args:
        cam_from_map: (4, 4) float64.
        covariance: (6, 6) float64 of the twist: translation (m) first, then rotation (rad).
    """
    turn = torch.block_diag(cam_from_map[:3, :3].T, cam_from_map[:3, :3].T)
    return symmetric(turn @ covariance @ turn.T)


def symmetric(matrix):
    """Return the symmetric part of matrices (..., N, N)."""
    return (matrix + matrix.mT) / 2


def probability_within(covariance, bound_m, bound_deg):
    """Return the probability that a normal error lies within both bounds.

    Each squared norm is a sum of squares of different sizes, taken as a gamma distribution of the
    same mean and variance (Satterthwaite, 1946; Welch, 1947); the two are taken as independent,
    which is on the safe side: they grow together.

    Args:
        covariance: (6, 6): position (m) first, then rotation (rad).
        bound_m: of the position's error, metres.
        bound_deg: of the rotation's error, degrees.
    """
    return (_norm_below(covariance[:3, :3], bound_m)
            * _norm_below(covariance[3:, 3:], math.radians(bound_deg)))


def _norm_below(covariance, bound):
    mean = covariance.trace()
    half_variance = (covariance ** 2).sum()  # of the squared norm
    shape = mean ** 2 / (2 * half_variance)
    return float(torch.special.gammainc(shape, bound ** 2 * mean / (2 * half_variance)))
