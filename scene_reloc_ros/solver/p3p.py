# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Perspective three-point: camera poses from three rays and the points they see."""

import torch

from scene_reloc_ros.geometry.poses import pose_from_rotation_translation

_TINY = 1e-14
_PAIRS = ((0, 1), (0, 2), (1, 2))


def solve_p3p(rays_H33, points_H33):
    """Solve for up to four poses each of a batch of three-point problems.

    The law of cosines gives three quadratic forms in the depths; the pencil of two of their
    combinations holds a degenerate conic, a pair of planes, on which the remaining problem is a
    quadratic (Persson and Nordberg, "Lambda Twist", ECCV 2018, eqs. 6-16). The planes are
    parametrised by an orthonormal basis instead of two chosen depths, which needs no pivot.

    Args:
        rays_H33: (H, 3 rays, 3) directions in the camera frame, any length, float64.
        points_H33: (H, 3 points, 3) metres in the map frame, float64.

    Returns:
        cam_from_map (H, 4, 4, 4), the second axis running over the solutions, and a mask (H, 4)
        of the valid ones. Degenerate input (collinear or equal points, NaN) has none.
    """
    if rays_H33.shape != points_H33.shape or rays_H33.shape[1:] != (3, 3):
        raise ValueError(f'P3P takes (H, 3, 3) rays and points; got {tuple(rays_H33.shape)} and '
                         f'{tuple(points_H33.shape)}')
    finite = torch.isfinite(rays_H33).all(-1).all(-1) & torch.isfinite(points_H33).all(-1).all(-1)
    keep = finite[:, None, None]
    # a harmless problem stands in for a broken one, which is masked out at the end
    stand_in = torch.eye(3, dtype=rays_H33.dtype, device=rays_H33.device)
    rays = torch.where(keep, rays_H33, stand_in)
    points = torch.where(keep, points_H33, stand_in)
    rays = rays / rays.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    depths, valid = _depths(rays, points)
    depths = _polish(depths, rays, points)
    poses, regular = _align(depths, rays, points)
    valid = valid & regular & (depths > 0).all(-1) & finite[:, None]
    return poses, valid & torch.isfinite(poses).all(-1).all(-1)


def _quadratic_forms(rays, points):
    """Return forms M (H, 3, 3, 3) and squared distances a (H, 3) with d^T M_k d = a_k."""
    forms = rays.new_zeros((len(rays), 3, 3, 3))
    distances = []
    for k, (i, j) in enumerate(_PAIRS):
        cosine = (rays[:, i] * rays[:, j]).sum(-1)
        forms[:, k, i, i] = 1
        forms[:, k, j, j] = 1
        forms[:, k, i, j] = -cosine
        forms[:, k, j, i] = -cosine
        distances.append(((points[:, i] - points[:, j]) ** 2).sum(-1))
    return forms, torch.stack(distances, 1)


def _depths(rays, points):
    """Return candidate depths (H, 4, 3) and their mask (H, 4)."""
    forms, a = _quadratic_forms(rays, points)
    total = a.sum(1)
    a = a / total.clamp_min(_TINY)[:, None]
    m12, m13, m23 = forms.unbind(1)
    a12, a13, a23 = (column[:, None, None] for column in a.unbind(1))
    first = m12 * a23 - m23 * a12
    second = m13 * a23 - m23 * a13
    gamma = _pencil_root(first, second)[:, None, None]
    norm = (1 + gamma ** 2).sqrt()
    degenerate = (first + gamma * second) / norm
    other = (second - gamma * first) / norm
    values, vectors = torch.linalg.eigh(degenerate)
    slope = (-values[:, 0] / values[:, 2].clamp_min(_TINY)).clamp_min(0).sqrt()[:, None]
    candidates, masks = [], []
    for sign in (-1, 1):
        normal = vectors[:, :, 2] + sign * slope * vectors[:, :, 0]
        directions, real = _directions_in_plane(normal, other)
        candidates.append(directions)
        masks.append(real)
    directions, valid = torch.cat(candidates, 1), torch.cat(masks, 1)
    # the sum of the three forms is positive definite: it fixes the scale
    size = torch.einsum('hsi,hij,hsj->hs', directions, forms.sum(1), directions)
    scale = (total[:, None] / size.clamp_min(_TINY)).sqrt()
    directions = directions * torch.sign(directions.sum(-1, keepdim=True))
    return directions * scale[..., None], valid & (size > _TINY) & (total > _TINY)[:, None]


def _pencil_root(first, second):
    """Return one real root (H,) of det(first + g second) = 0, a cubic in g."""
    determinant = torch.linalg.det
    c0, c3 = determinant(first), determinant(second)
    plus, minus = determinant(first + second), determinant(first - second)
    c2 = (plus + minus) / 2 - c0
    c1 = (plus - minus) / 2 - c3
    c3 = torch.where(c3.abs() < _TINY, torch.full_like(c3, _TINY), c3)
    b, c, d = c2 / c3, c1 / c3, c0 / c3
    p, q = c - b ** 2 / 3, 2 * b ** 3 / 27 - b * c / 3 + d
    discriminant = q ** 2 / 4 + p ** 3 / 27
    root = discriminant.clamp_min(0).sqrt()
    # Cardano; the larger of the two cube roots first, the other from their product -p/3
    big = -q / 2 - torch.where(q < 0, -root, root)
    cube = torch.sign(big) * big.abs().pow(1 / 3)
    single = cube - p / (3 * torch.where(cube.abs() < _TINY, torch.full_like(cube, _TINY), cube))
    radius = (-p / 3).clamp_min(_TINY).sqrt()
    angle = torch.acos((-q / 2 / radius ** 3).clamp(-1, 1))
    triple = 2 * radius * torch.cos(angle / 3)
    gamma = torch.where(discriminant > 0, single, triple) - b / 3
    for _ in range(2):
        value = ((c3 * gamma + c2) * gamma + c1) * gamma + c0
        slope = (3 * c3 * gamma + 2 * c2) * gamma + c1
        step = value / torch.where(slope.abs() < _TINY, torch.full_like(slope, torch.inf), slope)
        gamma = gamma - step
    return gamma


def _directions_in_plane(normal, form):
    """Return the two directions (H, 2, 3) with n.d = 0 and d^T form d = 0, and their mask."""
    normal = normal / normal.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    axis = torch.zeros_like(normal).scatter(1, normal.abs().argmin(1, keepdim=True), 1.0)
    u = torch.linalg.cross(normal, axis)
    u = u / u.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    v = torch.linalg.cross(normal, u)
    fu, fv = (form @ u[..., None])[..., 0], (form @ v[..., None])[..., 0]
    a, b, c = (u * fu).sum(-1), (u * fv).sum(-1), (v * fv).sum(-1)
    discriminant = b ** 2 - a * c
    # q^2 - 2 b q + a c = 0 in its stable form: the roots are (q : a) and (c : q)
    q = -(b + torch.where(b < 0, -1.0, 1.0) * discriminant.clamp_min(0).sqrt())
    one = q[:, None] * u + a[:, None] * v
    two = c[:, None] * u + q[:, None] * v
    directions = torch.stack((one, two), 1)
    # a double root is met from either side by rounding
    real = discriminant > -1e-10 * (b ** 2 + (a * c).abs())
    return directions, real[:, None].expand(-1, 2)


def _polish(depths, rays, points):
    """Two Newton steps on the three distance equations."""
    forms, a = _quadratic_forms(rays, points)
    identity = torch.eye(3, dtype=depths.dtype, device=depths.device)
    for _ in range(2):
        gradient = torch.einsum('hkij,hsj->hski', forms, depths)
        residual = (gradient * depths[:, :, None]).sum(-1) - a[:, None]
        jacobian = 2 * gradient + _TINY * identity
        step, failed = torch.linalg.solve_ex(jacobian, residual[..., None])
        step = step[..., 0]
        accept = ((failed == 0) & torch.isfinite(step).all(-1)
                  & (step.norm(dim=-1) < 0.1 * depths.norm(dim=-1)))
        depths = torch.where(accept[..., None], depths - step, depths)
    return depths


def _align(depths, rays, points):
    """Return poses (H, 4, 4, 4) that carry the points onto depth times ray, and their mask."""
    seen = depths[..., None] * rays[:, None]
    frame_cam = _triangle_frame(seen)
    frame_map = _triangle_frame(points[:, None])
    rotation = frame_cam @ frame_map.transpose(-1, -2)
    translation = seen.mean(-2) - (rotation @ points[:, None].mean(-2)[..., None])[..., 0]
    sides = points[:, 1:] - points[:, :1]
    area = torch.linalg.cross(sides[:, 0], sides[:, 1]).norm(dim=-1)
    size = (sides ** 2).sum(-1).amax(-1)
    regular = (area > 1e-9 * size) & (size > _TINY)
    return pose_from_rotation_translation(rotation, translation), regular[:, None]


def _triangle_frame(corners):
    """Return the rotation (..., 3, 3) whose columns are an orthonormal frame of the triangle."""
    x = corners[..., 1, :] - corners[..., 0, :]
    x = x / x.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    z = torch.linalg.cross(x, corners[..., 2, :] - corners[..., 0, :])
    z = z / z.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    return torch.stack((x, torch.linalg.cross(z, x), z), -1)
