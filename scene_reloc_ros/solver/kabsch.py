# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Three points onto three points: the rigid motion of a triangle, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import torch

_TINY = 1e-14
_FLAT = 1e-9  # smallest area of a triangle, of the square of its longest side
Vector = torch.Tensor | Sequence[torch.Tensor]  # three components, each for a whole batch


def dot(a: Vector, b: Vector) -> torch.Tensor:
    """Return the dot products of vectors given as three components each."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross products, three components, of vectors given as three components."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def solve_kabsch(seen_H33: torch.Tensor,
                 points_H33: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cam_from_map (K, 4, 4) of triangles and the problem (K,) that each belongs to.

    Args:
        seen_H33: (H, 3 points, 3) metres in the camera frame, measured.
        points_H33: (H, 3 points, 3) metres in the map frame.

    Degenerate triangles and those with NaN have none.
    """
    if seen_H33.shape != points_H33.shape or seen_H33.shape[1:] != (3, 3):
        raise ValueError(f'three-point Kabsch takes (H, 3, 3) points twice; got '
                         f'{tuple(seen_H33.shape)} and {tuple(points_H33.shape)}')
    poses, regular = align_triangles(points_H33.permute(1, 2, 0), seen_H33.permute(1, 2, 0))
    kept = regular.nonzero()[:, 0]
    return poses[kept], kept


def align_triangles(from_33K: torch.Tensor,
                    to_33K: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the least-squares rigid motions (K, 4, 4) of triangles, and a mask (K,).

    The optimum of Kabsch (1976) for three points: the cross-covariance has rank two and maps one
    triangle's plane to the other's, so normals go to normals, and what is left is the angle of a
    planar Procrustes problem, atan2(sum of cross products, sum of dot products).

    Args:
        from_33K, to_33K: (3 points, 3, K) in the two frames.
    """
    from_centre, to_centre = from_33K.mean(0), to_33K.mean(0)
    origin, goal = from_33K - from_centre, to_33K - to_centre
    x_from, y_from, z_from, area_from, size_from = _frame(origin)
    x_to, y_to, z_to, area_to, size_to = _frame(goal)
    cosine = sine = torch.zeros_like(size_from)
    for corner, aim in zip(origin, goal):
        a, b, c, d = (dot(corner, x_from), dot(corner, y_from), dot(aim, x_to), dot(aim, y_to))
        cosine, sine = cosine + a * c + b * d, sine + a * d - b * c
    norm = torch.hypot(cosine, sine).clamp_min(_TINY)
    cosine, sine = cosine / norm, sine / norm
    x_turned = [cosine * x + sine * y for x, y in zip(x_to, y_to)]
    y_turned = [cosine * y - sine * x for x, y in zip(x_to, y_to)]
    poses = torch.zeros((len(norm), 4, 4), dtype=norm.dtype, device=norm.device)
    for row in range(3):
        for column in range(3):
            poses[:, row, column] = (x_turned[row] * x_from[column]
                                     + y_turned[row] * y_from[column]
                                     + z_to[row] * z_from[column])
    poses[:, :3, 3] = to_centre.T - (poses[:, :3, :3] @ from_centre.T[..., None])[..., 0]
    poses[:, 3, 3] = 1
    return poses, (area_from > _FLAT * size_from) & (area_to > _FLAT * size_to)


def _frame(corners: torch.Tensor) -> tuple[Vector, Vector, Vector, torch.Tensor, torch.Tensor]:
    """Return axes x, y, z (three components each) of centred triangles, areas and sizes (K,)."""
    side, other = corners[1] - corners[0], corners[2] - corners[0]
    normal = cross(side, other)
    length, area = dot(side, side).sqrt(), dot(normal, normal).sqrt()
    x = [value / length.clamp_min(_TINY) for value in side]
    z = [value / area.clamp_min(_TINY) for value in normal]
    # compared against the size with >, so that an empty triangle is never regular
    return x, cross(z, x), z, area, torch.maximum(length ** 2, dot(other, other))
