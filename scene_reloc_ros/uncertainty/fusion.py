# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fusion of what several views say of one pose, when the places of the views have drifted.

Drift is one error of a view, whatever the number of its cells: a view knows the pose no better
than odometry knows the way from there. To first order, with H the information of a view and Q the
covariance of its drift, it counts for (H^-1 + Q)^-1 = (I + H Q)^-1 H, which needs no inverse of H.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

_TINY = 1e-9  # information of what no view tells: next to none, but invertible


@dataclass(frozen=True)
class ViewEquations:
    """What one view says of the pose that all share, beside a first estimate of it."""

    information: torch.Tensor  # (6, 6) of the twist, as if its cells were independent
    gradient: torch.Tensor  # (6,) of the same: -gradient / information is the step that it wants
    drift: torch.Tensor  # (6,) standard deviations of its place: metres, then rad

    def times(self, worth: float) -> ViewEquations:
        """Return them for as much as the view is worth."""
        return ViewEquations(worth * self.information, worth * self.gradient, self.drift)


@dataclass(frozen=True)
class Fusion:
    """The pose that several views agree on."""

    twist: torch.Tensor  # (6,) d in exp(d) cam_from_map, from the first estimate
    information: torch.Tensor  # (6, 6) of the twist without drift, as if cells were independent
    drift: torch.Tensor  # (6, 6) covariance that drift adds


def fuse(views: Sequence[ViewEquations], scale: float) -> Fusion:
    """Return the Fusion of some views; without drift it is the sum of their equations.

    Drift is taken as one error that grows along the way, so that what it does to the views
    adds up: errors of scale and of heading last.

    Args:
        views: at least one.
        scale: of standard deviations that independent cells claim, to those to be believed.
    """
    identity = torch.eye(6, dtype=torch.float64)
    lessened = [torch.linalg.inv(identity + view.information / scale ** 2
                                 @ (view.drift ** 2).diag()) for view in views]
    kept = [less @ view.information for less, view in zip(lessened, views)]
    total = torch.linalg.inv(_sum(kept) + _TINY * identity)
    steps = _sum([less @ view.gradient for less, view in zip(lessened, views)])
    scatter = _TINY * identity + _sum([less @ view.information @ less.T
                                       for less, view in zip(lessened, views)])
    moved = _sum([total @ part * view.drift for part, view in zip(kept, views)])
    known = torch.linalg.inv(total @ scatter @ total.T)
    return Fusion(-total @ steps, (known + known.T) / 2, moved @ moved.T)


def _sum(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(parts)).sum(0)
