# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Perspective three-point: camera poses from three rays and the points they see.

Everything is elementwise over the batch, without a matrix library: what a kernel does per thread.
"""

from __future__ import annotations

import math

import torch

from scene_reloc_ros.solver.kabsch import align_triangles, dot, Vector

_TINY = 1e-14
_DOUBLE_ROOT = 1e-10  # a discriminant this far below zero is a double root met from the wrong side
_THIRD_TURN = 2 * math.pi / 3


def solve_p3p(rays_H33: torch.Tensor,
              points_H33: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Solve a batch of three-point problems, each with up to four poses.

    The law of cosines gives three quadratic forms in the depths; the pencil of two of their
    combinations holds a degenerate conic, a pair of planes, on which the remaining problem is a
    quadratic (Persson and Nordberg, "Lambda Twist", ECCV 2018, eqs. 6-16). The planes are split
    at their common line, the conic's pole (Ding et al., "Revisiting the P3P Problem", CVPR 2023,
    section 3.2), and parametrised by an orthonormal basis, which needs no pivot among the depths.

    Args:
        rays_H33: (H, 3 rays, 3) directions in the camera frame, any length, float64.
        points_H33: (H, 3 points, 3) metres in the map frame, float64.

    Returns:
        cam_from_map (K, 4, 4) of all solutions and the problem (K,) that each belongs to, in the
        order of the problems. Degenerate input (collinear or equal points, NaN) has none.
    """
    if rays_H33.shape != points_H33.shape or rays_H33.shape[1:] != (3, 3):
        raise ValueError(f'P3P takes (H, 3, 3) rays and points; got {tuple(rays_H33.shape)} and '
                         f'{tuple(points_H33.shape)}')
    rays = rays_H33 / rays_H33.norm(dim=-1, keepdim=True).clamp_min(_TINY)
    rays_33H, points_33H = rays.permute(1, 2, 0).contiguous(), points_H33.permute(1, 2, 0)
    cosines, squares = _triangle(rays_33H, points_33H)
    depths, valid = _depths(cosines, squares)
    # NaN compares false: a broken problem has no valid solution
    valid = valid & (depths > 0).all(0)
    problem, solution = valid.T.nonzero().unbind(1)
    depths = _polish(depths[:, solution, problem], cosines[:, problem], squares[:, problem])
    seen_33K = depths[:, None] * rays_33H[..., problem]
    poses, regular = align_triangles(points_33H[..., problem], seen_33K)
    regular = regular & (depths > 0).all(0)
    return poses[regular], problem[regular]


def _triangle(rays: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosines (3, H) between the rays and squared sides (3, H): pairs 12, 13, 23."""
    pairs = ((0, 1), (0, 2), (1, 2))
    cosines = torch.stack([dot(rays[i], rays[j]) for i, j in pairs])
    sides = [points[i] - points[j] for i, j in pairs]
    return cosines, torch.stack([dot(side, side) for side in sides])


def _depths(cosines: torch.Tensor, squares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return candidate depths (3, 4, H) and their mask (4, H)."""
    total = squares.sum(0)
    c12, c13, c23 = cosines
    a12, a13, a23 = squares / total.clamp_min(_TINY)
    zero = torch.zeros_like(a12)
    # symmetric forms as (00, 01, 02, 11, 12, 22): M12 a23 - M23 a12 and M13 a23 - M23 a13
    first = torch.stack((a23, -a23 * c12, zero, a23 - a12, a12 * c23, -a12))
    second = torch.stack((a23, zero, -a23 * c13, -a13, a13 * c23, a23 - a13))
    gamma = _pencil_root(first, second)
    size = (1 + gamma ** 2).rsqrt()
    normals, real = _planes((first + gamma * second) * size)
    x_4H, y_4H, z_4H, met = _directions_in_planes(normals, (second - gamma * first) * size)
    # the sum of the three forms is positive definite: it fixes the scale
    form = 2 * (x_4H ** 2 + y_4H ** 2 + z_4H ** 2 - c12 * x_4H * y_4H - c13 * x_4H * z_4H
                - c23 * y_4H * z_4H)
    scale = (total / form.clamp_min(_TINY)).sqrt() * torch.sign(x_4H + y_4H + z_4H)
    depths = torch.stack((x_4H, y_4H, z_4H)) * scale
    return depths, met & real & (form > _TINY) & (total > _TINY)


def _adjugate(form: torch.Tensor) -> torch.Tensor:
    """Return the adjugate, entries (6, H), of symmetric forms (6, H)."""
    m00, m01, m02, m11, m12, m22 = form
    return torch.stack((m11 * m22 - m12 ** 2, m02 * m12 - m01 * m22, m01 * m12 - m02 * m11,
                        m00 * m22 - m02 ** 2, m01 * m02 - m00 * m12, m00 * m11 - m01 ** 2))


def _contract(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the trace of the product of two symmetric forms (6, H)."""
    product = left * right
    return product[0] + product[3] + product[5] + 2 * (product[1] + product[2] + product[4])


def _pencil_root(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return one real root (H,) of det(first + g second) = 0, a cubic in g."""
    adjugate_first, adjugate_second = _adjugate(first), _adjugate(second)
    c0, c3 = _contract(adjugate_first, first) / 3, _contract(adjugate_second, second) / 3
    c1, c2 = _contract(adjugate_first, second), _contract(adjugate_second, first)
    c3 = torch.where(c3.abs() < _TINY, torch.full_like(c3, _TINY), c3)
    b, c, d = c2 / c3, c1 / c3, c0 / c3
    p, q = c - b ** 2 / 3, b * (b ** 2 * (2 / 27) - c / 3) + d
    discriminant = q ** 2 / 4 + p ** 3 / 27
    # Cardano; the larger of the two cube roots first, the other from their product -p/3
    big = -q / 2 - torch.copysign(discriminant.clamp_min(0).sqrt(), q)
    cube = torch.sign(big) * big.abs().pow(1 / 3)
    single = cube - p / (3 * torch.where(cube.abs() < _TINY, torch.full_like(cube, _TINY), cube))
    radius = (-p / 3).clamp_min(_TINY).sqrt()
    angle = torch.acos((-q / 2 / radius ** 3).clamp(-1, 1)) / 3
    # of three roots the outer one on the far side of the others is the best conditioned
    triple = 2 * radius * torch.cos(torch.where(q > 0, angle + _THIRD_TURN, angle))
    gamma = torch.where(discriminant > 0, single, triple) - b / 3
    for _ in range(2):
        value = ((c3 * gamma + c2) * gamma + c1) * gamma + c0
        slope = (3 * c3 * gamma + 2 * c2) * gamma + c1
        gamma = gamma - torch.where(slope.abs() < _TINY, torch.zeros_like(slope), value / slope)
    return gamma


def _planes(form: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Split degenerate forms (6, H) into two planes: normals (2, 3, H) and a mask (H,).

    A form l m^T + m l^T has the adjugate -(l x m)(l x m)^T; adding the cross-product matrix of
    l x m leaves the rank-one matrix 2 l m^T, whose rows and columns are the normals.
    """
    m00, m01, m02, m11, m12, m22 = form
    a00, a01, a02, a11, a12, a22 = -_adjugate(form)
    columns = torch.stack((torch.stack((a00, a01, a02)), torch.stack((a01, a11, a12)),
                           torch.stack((a02, a12, a22))))
    diagonal = torch.stack((a00, a11, a22))
    pivot, which = diagonal.max(0)
    column = columns.gather(0, which.expand(1, 3, -1))[0]
    p0, p1, p2 = column * pivot.clamp_min(_TINY ** 2).rsqrt()
    matrix = torch.stack((torch.stack((m00, m01 - p2, m02 + p1)),
                          torch.stack((m01 + p2, m11, m12 - p0)),
                          torch.stack((m02 - p1, m12 + p0, m22))))
    largest = matrix.abs().flatten(0, 1).argmax(0)
    row = matrix.gather(0, (largest // 3).expand(1, 3, -1))[0]
    column = matrix.gather(1, (largest % 3).expand(3, 1, -1))[:, 0]
    return torch.stack((row, column)), pivot > 0


def _directions_in_planes(normals: torch.Tensor, form: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the directions x, y, z (4, H) with n.d = 0 and d^T form d = 0, and their mask."""
    normals = normals.transpose(0, 1)  # (3, 2, H)
    normals = normals / normals.norm(dim=0).clamp_min(_TINY)
    # an orthonormal basis without a branch at the pole but its sign (Duff et al., JCGT 2017)
    nx, ny, nz = normals
    sign = torch.copysign(torch.ones_like(nz), nz)
    lean = -1 / (sign + nz)
    shared = nx * ny * lean
    u = (1 + sign * nx * nx * lean, sign * shared, -sign * nx)
    v = (shared, sign + ny * ny * lean, -ny)
    fu, fv = _apply(form, u), _apply(form, v)
    a, b, c = dot(u, fu), dot(u, fv), dot(v, fv)
    discriminant = b ** 2 - a * c
    # q^2 - 2 b q + a c = 0 in its stable form: the roots are (q : a) and (c : q)
    q = -(b + torch.copysign(discriminant.clamp_min(0).sqrt(), b))
    axes = [torch.cat((q * ui + a * vi, c * ui + q * vi)) for ui, vi in zip(u, v)]
    real = discriminant > -_DOUBLE_ROOT * (b ** 2 + (a * c).abs())
    return (*axes, real.repeat(2, 1))


def _apply(form: torch.Tensor, vector: Vector) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    m00, m01, m02, m11, m12, m22 = form
    x, y, z = vector
    return m00 * x + m01 * y + m02 * z, m01 * x + m11 * y + m12 * z, m02 * x + m12 * y + m22 * z


def _polish(depths: torch.Tensor, cosines: torch.Tensor, squares: torch.Tensor) -> torch.Tensor:
    """Two Newton steps on the three distance equations; depths, cosines, squares are (3, K)."""
    c12, c13, c23 = cosines
    for _ in range(2):
        d1, d2, d3 = depths
        # each equation's residual and its derivatives, halved, by the two depths it knows
        g12, g13, g23 = d1 - c12 * d2, d1 - c13 * d3, d2 - c23 * d3
        h12, h13, h23 = d2 - c12 * d1, d3 - c13 * d1, d3 - c23 * d2
        r1 = (d1 * g12 + d2 * h12 - squares[0]) / 2
        r2 = (d1 * g13 + d3 * h13 - squares[1]) / 2
        r3 = (d2 * g23 + d3 * h23 - squares[2]) / 2
        # Cramer's rule; each equation knows two of the depths
        step = torch.stack((r1 * h13 * g23 + h12 * (r2 * h23 - h13 * r3),
                            g12 * (h13 * r3 - r2 * h23) + r1 * g13 * h23,
                            h12 * g13 * r3 + g12 * r2 * g23 - r1 * g13 * g23))
        step = step / (g12 * h13 * g23 + h12 * g13 * h23)
        accept = (step ** 2).sum(0) < 0.01 * (depths ** 2).sum(0)  # false where it is NaN
        depths = torch.where(accept, depths - step, depths)
    return depths
