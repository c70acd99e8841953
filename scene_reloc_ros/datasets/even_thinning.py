# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Even thinning: which views go where there is no room for all, so that the rest lie evenly."""

from __future__ import annotations

import math

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import UNIT_M, UNIT_RAD

_ROWS = 1024  # of distances that are looked at together, count


def superfluous_views(map_from_cam: np.ndarray, count: int) -> tuple[list[int], float]:
    """Return the numbers of the views that go, and the novelty of the last of them.

    Of the two that are nearest to each other one goes, the one that has another nearer, until so
    many have gone. Views that lie alone stay.

    Args:
        map_from_cam: (F, 4, 4) poses of the views, metres.
        count: views that go, fewer than F.
    """
    places = _places(map_from_cam)
    distance, partner = _nearest(places)
    gone: list[int] = []
    spacing = 0.0
    for _ in range(count):
        one = int(distance.argmin())
        spacing = float(distance[one])
        goes = min((one, int(partner[one])), key=lambda i: _second(places, distance, i))
        gone.append(goes)
        distance[goes] = math.inf
        left = distance.isfinite().nonzero()[:, 0]
        for row in (partner[left] == goes).nonzero()[:, 0].tolist():
            number = int(left[row])
            apart = (places[left] - places[number]).norm(dim=1)
            apart[row] = math.inf
            distance[number], partner[number] = apart.min(), left[apart.argmin()]
    return sorted(gone), spacing


def novelty_among(map_from_cam: np.ndarray, others: np.ndarray) -> float:
    """Return how far a view (4, 4) is from the nearest of others (F, 4, 4), in units of novelty.

    It is ``view_novelty``, but with chords for angles, so that it is a distance in a space of
    twelve dimensions; infinite among none.
    """
    if not len(others):
        return math.inf
    place = _places(np.asarray(map_from_cam)[None])
    return float((_places(others) - place).norm(dim=1).min())


def _places(map_from_cam: np.ndarray) -> torch.Tensor:
    """Return where views are in the space of novelty, (F, 12) float64."""
    poses = torch.as_tensor(np.asarray(map_from_cam, np.float64))
    # two rotations are sqrt(8) * sin(angle / 2) apart, which is sqrt(2) times a small angle
    turned = poses[:, :3, :3].flatten(1) / (math.sqrt(2) * UNIT_RAD)
    return torch.cat((poses[:, :3, 3] / UNIT_M, turned), 1)


def _nearest(places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return distance (F,) and number (F,) of the nearest other one of each."""
    found = []
    for begin in range(0, len(places), _ROWS):
        # exact, for those of a place far from the origin differ in the last digits of a square
        apart = torch.cdist(places[begin:begin + _ROWS], places,
                            compute_mode='donot_use_mm_for_euclid_dist')
        rows = torch.arange(len(apart))
        apart[rows, begin + rows] = math.inf
        found.append(apart.min(1))
    return (torch.cat([one.values for one in found]),
            torch.cat([one.indices for one in found]))


def _second(places: torch.Tensor, distance: torch.Tensor, number: int) -> float:
    """Return how far the second nearest of those that are left is from one."""
    apart = (places - places[number]).norm(dim=1)
    apart[~distance.isfinite()] = math.inf
    apart[number] = math.inf
    return float(apart.topk(2, largest=False).values[-1]) if len(apart) > 1 else math.inf
