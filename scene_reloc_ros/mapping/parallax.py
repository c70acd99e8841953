# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parallax of a recording: how well its views can tell how far away things are, without depth."""

from __future__ import annotations

import torch

_POINTS = 300  # scene points that are looked at, count
_PIXEL_PX = 2.0  # standard deviation of where a view has a point, pixels
_OFF_AXIS = 0.87  # cosine of the largest angle between a point and the middle of a picture
MOST_RAY_DEVIATION = 1.0  # of a point of which nothing but the direction is known


def ray_deviation(views: torch.Tensor, points: torch.Tensor, focal_px: float) -> float:
    """Return the standard deviation of points along their rays, of their distance, unitless.

    Two views a baseline b apart tell a depth z to z^2 s / (f b), for pixels exact to s (Hartley
    and Zisserman, section 12.6); b is the root mean square of how far the views that see a point
    are from their middle, across its ray, for neighbouring views err together. A camera that only
    turns has no baseline.

    Args:
        views: (F, 4, 4) map_from_cam, metres.
        points: (P, 3) of the scene, metres.
        focal_px: of the working image.
    """
    if not len(points):
        return MOST_RAY_DEVIATION
    views, points = views.double(), points.double()
    some = points[torch.linspace(0, len(points) - 1, min(_POINTS, len(points))).long()]
    centres, ahead = views[:, :3, 3], views[:, :3, 2]
    away = some[:, None] - centres
    distance = away.norm(dim=2)
    seen = ((away * ahead).sum(2) > _OFF_AXIS * distance).double()
    count = seen.sum(1).clamp_min(1)
    mean = (seen[..., None] * centres).sum(1) / count[:, None]
    direction = torch.nn.functional.normalize(some - mean, dim=1)
    moved = centres - mean[:, None]
    across = moved - (moved * direction[:, None]).sum(2, keepdim=True) * direction[:, None]
    baseline = ((seen * across.square().sum(2)).sum(1) / count).sqrt()
    z = (some - mean).norm(dim=1)
    deviation = z * _PIXEL_PX / (focal_px * baseline).clamp_min(1e-9)
    return float(deviation.clamp(max=MOST_RAY_DEVIATION).median())
