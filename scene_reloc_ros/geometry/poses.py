# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rigid poses as (..., 4, 4) tensors named ``a_from_b``: they map points of frame b to frame a."""

from __future__ import annotations

from functools import lru_cache
import math
from typing import overload

import numpy as np
import numpy.typing as npt
import torch

FARTHEST_M = 1e7  # of a pose from its origin: Earth-centred coordinates stay below, metres
ROTATION_TOLERANCE = 1e-3  # largest accepted entry of |R R^T - I|, unitless
_SMALL_ANGLE_SQUARED = 1e-8  # rad^2; below it the Taylor series of the exponential is exact


@overload
def invert_pose(a_from_b: torch.Tensor) -> torch.Tensor: ...


@overload
def invert_pose(a_from_b: np.ndarray) -> np.ndarray: ...


def invert_pose(a_from_b: torch.Tensor | np.ndarray) -> torch.Tensor | np.ndarray:
    """Return ``b_from_a`` of a rigid pose of shape (..., 4, 4), of torch or numpy."""
    if isinstance(a_from_b, np.ndarray):
        return invert_pose(torch.from_numpy(np.array(a_from_b, np.float64))).numpy()
    rotation_t = a_from_b[..., :3, :3].transpose(-1, -2)
    b_from_a = torch.zeros_like(a_from_b)
    b_from_a[..., :3, :3] = rotation_t
    b_from_a[..., :3, 3] = -(rotation_t @ a_from_b[..., :3, 3:])[..., 0]
    b_from_a[..., 3, 3] = 1
    return b_from_a


def pose_from_rotation_translation(rotation: torch.Tensor,
                                   translation: torch.Tensor) -> torch.Tensor:
    """Assemble (..., 4, 4) poses from rotations (..., 3, 3) and translations (..., 3)."""
    a_from_b = rotation.new_zeros((*rotation.shape[:-2], 4, 4))
    a_from_b[..., :3, :3] = rotation
    a_from_b[..., :3, 3] = translation
    a_from_b[..., 3, 3] = 1
    return a_from_b


def transform_points(a_from_b: torch.Tensor, points_b: torch.Tensor) -> torch.Tensor:
    """Map points (..., N, 3) of frame b to frame a with poses (..., 4, 4)."""
    return points_b @ a_from_b[..., :3, :3].transpose(-1, -2) + a_from_b[..., None, :3, 3]


def skew(vector: torch.Tensor) -> torch.Tensor:
    """Return the cross-product matrices (..., 3, 3) of vectors (..., 3)."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    rows = (zero, -z, y, z, zero, -x, -y, x, zero)
    return torch.stack(rows, -1).reshape(*vector.shape[:-1], 3, 3)


def _rotation_coefficients(
        angle_squared: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return sin(a)/a, (1-cos a)/a^2 and (a-sin a)/a^3, safe at zero."""
    turns = angle_squared.sqrt() / math.pi
    first, half = torch.sinc(turns), torch.sinc(turns / 2)
    small = angle_squared < _SMALL_ANGLE_SQUARED
    third = torch.where(small, 1 / 6 - angle_squared / 120,
                        (1 - first) / angle_squared.masked_fill(small, 1))
    return first, half ** 2 / 2, third


def so3_exp(rotation_vector: torch.Tensor) -> torch.Tensor:
    """Rodrigues' formula: rotation vectors (..., 3) in radians to rotations (..., 3, 3)."""
    first, second, _ = _rotation_coefficients((rotation_vector ** 2).sum(-1))
    matrix = skew(rotation_vector)
    identity = torch.eye(3, dtype=matrix.dtype, device=matrix.device)
    return identity + first[..., None, None] * matrix + second[..., None, None] * matrix @ matrix


def so3_log(rotation: torch.Tensor) -> torch.Tensor:
    """Return the rotation vectors (..., 3), in radians up to pi, of rotations (..., 3, 3)."""
    quaternion = quaternion_from_rotation(rotation)
    vector, scalar = quaternion[..., :3], quaternion[..., 3]
    norm = vector.norm(dim=-1)
    angle = 2 * torch.atan2(norm, scalar)
    # sin(a/2) ~ a/2: the ratio tends to 2 at the identity
    ratio = torch.where(norm < 1e-12, torch.full_like(norm, 2.0), angle / norm.clamp_min(1e-12))
    return vector * ratio[..., None]


def se3_exp(twist: torch.Tensor) -> torch.Tensor:
    """Exponential of twists (..., 6) = (translation part in m, rotation vector in rad).

    A twist's 4x4 matrix M obeys M^4 = -a^2 M^2, which closes the series: I + M + (1 - cos a)/a^2
    M^2 + (a - sin a)/a^3 M^3.
    """
    angle_squared = (twist[..., 3:] ** 2).sum(-1)[..., None, None]
    _, second, third = _rotation_coefficients(angle_squared)
    generators = _generators(twist.dtype, twist.device)
    matrix = (twist @ generators).unflatten(-1, (4, 4))
    square = matrix @ matrix
    identity = torch.eye(4, dtype=twist.dtype, device=twist.device)
    return identity + matrix + second * square + third * (square @ matrix)


@lru_cache(None)
def _generators(dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the matrix (6, 16) that makes the flattened 4x4 matrix of a twist."""
    with torch.inference_mode(False):  # kept: it must serve callers with gradients as well
        generators = torch.zeros(6, 4, 4, dtype=dtype, device=device)
        for axis in range(3):
            generators[axis, axis, 3] = 1
            after, last = (axis + 1) % 3, (axis + 2) % 3
            generators[3 + axis, last, after], generators[3 + axis, after, last] = 1, -1
        return generators.flatten(1)


def se3_log(a_from_b: torch.Tensor) -> torch.Tensor:
    """Logarithm of poses (..., 4, 4): twists (..., 6), the inverse of ``se3_exp``."""
    phi = so3_log(a_from_b[..., :3, :3])
    _, second, third = _rotation_coefficients((phi ** 2).sum(-1))
    matrix = skew(phi)
    identity = torch.eye(3, dtype=matrix.dtype, device=matrix.device)
    left_jacobian = (identity + second[..., None, None] * matrix
                     + third[..., None, None] * matrix @ matrix)
    rho = torch.linalg.solve(left_jacobian, a_from_b[..., :3, 3:])[..., 0]
    return torch.cat((rho, phi), -1)


def adjoint(a_from_b: torch.Tensor) -> torch.Tensor:
    """Adjoint (..., 6, 6) that carries a twist (translation, rotation) from frame b to frame a."""
    rotation = a_from_b[..., :3, :3]
    matrix = a_from_b.new_zeros((*a_from_b.shape[:-2], 6, 6))
    matrix[..., :3, :3] = rotation
    matrix[..., 3:, 3:] = rotation
    matrix[..., :3, 3:] = skew(a_from_b[..., :3, 3]) @ rotation
    return matrix


def quaternion_from_rotation(rotation: torch.Tensor) -> torch.Tensor:
    """Return unit quaternions (..., 4) = (x, y, z, w), w >= 0, of rotations (..., 3, 3).

    Of the four equivalent formulas the one with the largest pivot is taken (Shepperd, 1978).
    """
    m = rotation
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    diagonal = torch.stack((m[..., 0, 0], m[..., 1, 1], m[..., 2, 2], trace), -1)
    a, b, c = m[..., 2, 1], m[..., 0, 2], m[..., 1, 0]
    d, e, f = m[..., 1, 2], m[..., 2, 0], m[..., 0, 1]
    one = torch.ones_like(trace)
    xx = one + 2 * diagonal[..., 0] - trace
    yy = one + 2 * diagonal[..., 1] - trace
    zz = one + 2 * diagonal[..., 2] - trace
    candidates = torch.stack((
        torch.stack((xx, c + f, b + e, a - d), -1),
        torch.stack((c + f, yy, a + d, b - e), -1),
        torch.stack((b + e, a + d, zz, c - f), -1),
        torch.stack((a - d, b - e, c - f, one + trace), -1)), -2)
    index = diagonal.argmax(-1)[..., None, None].expand(*trace.shape, 1, 4)
    quaternion = torch.gather(candidates, -2, index)[..., 0, :]
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    return torch.where(quaternion[..., 3:] < 0, -quaternion, quaternion)


def rotation_from_quaternion(quaternion: torch.Tensor) -> torch.Tensor:
    """Return rotations (..., 3, 3) of quaternions (..., 4) = (x, y, z, w), normalised first.

    Raises ValueError where a quaternion has (almost) no length or is not finite.
    """
    norm = quaternion.norm(dim=-1, keepdim=True)
    if not bool(torch.isfinite(norm).all()) or bool((norm < 1e-6).any()):
        raise ValueError(f'quaternion {quaternion.tolist()} has no direction; expected length 1')
    x, y, z, w = (quaternion / norm).unbind(-1)
    rows = (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
            2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
            2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y))
    return torch.stack(rows, -1).reshape(*x.shape, 3, 3)


def pose_from_translation_quaternion(translation: npt.ArrayLike,
                                     quaternion: npt.ArrayLike) -> np.ndarray:
    """Numpy: a (4, 4) float64 pose from 3 metres and a quaternion x, y, z, w.

    As ``rotation_from_quaternion``, in plain numbers: transforms come by the hundred a second.
    """
    values = np.asarray(quaternion, np.float64).tolist()
    norm = math.hypot(*values)
    if not 1e-6 <= norm < math.inf:
        raise ValueError(f'quaternion {values} has no direction; expected length 1')
    x, y, z, w = (value / norm for value in values)
    tx, ty, tz = np.asarray(translation, np.float64).tolist()
    return np.array((
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), tx),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), ty),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), tz),
        (0.0, 0.0, 0.0, 1.0)))


def translation_quaternion_from_pose(a_from_b: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Numpy: (3,) metres and (4,) quaternion x, y, z, w of a (4, 4) pose.

    As ``quaternion_from_rotation``, in plain numbers.
    """
    matrix = np.asarray(a_from_b, np.float64)
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = matrix[:3, :3].tolist()
    trace = xx + yy + zz
    rows = {xx: (1 + 2 * xx - trace, yx + xy, zx + xz, zy - yz),
            yy: (yx + xy, 1 + 2 * yy - trace, zy + yz, xz - zx),
            zz: (zx + xz, zy + yz, 1 + 2 * zz - trace, yx - xy),
            trace: (zy - yz, xz - zx, yx - xy, 1 + trace)}
    quaternion = np.array(rows[max(rows)])
    return matrix[:3, 3].copy(), quaternion / math.copysign(
        math.sqrt(float(quaternion @ quaternion)), quaternion[3] or 1.0)


def checked_pose(a_from_b: npt.ArrayLike, name: str) -> np.ndarray:
    """Return a (4, 4) float64 array with its rotation made exactly orthonormal.

    Args:
        a_from_b: array-like of shape (4, 4).
        name: what the pose belongs to; it is named in the error.

    Raises ValueError where the matrix is not finite, of another shape, or no rigid transform.
    """
    pose = np.array(a_from_b, np.float64)
    if pose.shape != (4, 4):
        raise ValueError(f'pose of {name} has shape {pose.shape}; expected a 4x4 matrix')
    if not np.isfinite(pose).all():
        raise ValueError(f'pose of {name} contains NaN or Inf; leave the frame out or repair it')
    if np.abs(pose[:3, 3]).max() > FARTHEST_M:
        raise ValueError(f'pose of {name} is {np.abs(pose[:3, 3]).max():.3g} m from the origin; '
                         'no place on Earth is; leave the frame out or repair it')
    rotation = pose[:3, :3]
    deviation = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if deviation > ROTATION_TOLERANCE or np.linalg.det(rotation) < 0:
        raise ValueError(
            f'pose of {name} is no rotation (|R R^T - I| up to {deviation:.2g}, determinant '
            f'{np.linalg.det(rotation):.3g}); expected a rigid map_from_cam matrix')
    if np.abs(pose[3] - (0, 0, 0, 1)).max() > ROTATION_TOLERANCE:
        raise ValueError(f'last row of the pose of {name} is {pose[3].tolist()}; expected 0 0 0 1')
    left, _, right = np.linalg.svd(rotation)
    pose[:3, :3] = left @ right
    pose[3] = (0, 0, 0, 1)
    return pose


def shifted_pose(a_from_b: np.ndarray, offset_m: npt.ArrayLike) -> np.ndarray:
    """Numpy: a (4, 4) float64 pose moved by an offset (3,) in frame a, metres."""
    pose = np.array(a_from_b, np.float64)
    pose[:3, 3] += np.asarray(offset_m, np.float64)
    return pose


def moved_covariance(covariance: npt.ArrayLike, offset_m: npt.ArrayLike) -> np.ndarray:
    """Numpy: carry a (6, 6) pose covariance to another point of the same rigid body.

    Args:
        covariance: of x, y, z, rotX, rotY, rotZ about fixed axes (REP 103).
        offset_m: (3,) from the old point to the new one, along the same fixed axes.

    A rotation error r moves the new point by r x offset: the adjoint of that translation.
    """
    carry = np.eye(6)
    carry[:3, 3:] = -skew(torch.as_tensor(np.asarray(offset_m, np.float64))).numpy()
    return carry @ np.asarray(covariance, np.float64) @ carry.T


def turned_covariance(covariance: npt.ArrayLike, rotation: np.ndarray) -> np.ndarray:
    """Numpy: the (6, 6) covariance of a pose, see ``moved_covariance``, about turned axes.

    Args:
        covariance: about the axes of frame b.
        rotation: (3, 3) of a_from_b.
    """
    both = np.kron(np.eye(2), rotation)
    return both @ np.asarray(covariance, np.float64) @ both.T


def rotation_angle(rotation: torch.Tensor) -> torch.Tensor:
    """Geodesic angle (...) in radians of rotations (..., 3, 3); exact near zero and near pi."""
    return so3_log(rotation).norm(dim=-1).clamp(max=math.pi)


def rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """Return the rotation vector (3,), rad, of a numpy rotation (3, 3): ``so3_log``."""
    return so3_log(torch.from_numpy(np.ascontiguousarray(rotation))).numpy()
