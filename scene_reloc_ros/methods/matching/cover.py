# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A small map: few points that every key frame still sees enough of.

Hybrid scene compression (Camposeco et al., CVPR 2019) keeps points by a cover of the images (Li et
al., ECCV 2010); so do we, and one descriptor of each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from scene_reloc_ros.methods.matching.key_frame_maps import ViewPoints


def covering(view: np.ndarray, point: np.ndarray, count: int) -> np.ndarray:
    """Return the numbers of at most ``count`` points that cover all views as evenly as they can.

    Greedy: those that most views see come first; a point is taken if it helps a view that has
    fewer than the others.

    Args:
        view: (M,) int64, of each observation.
        point: (M,) int64, of each observation, counted from 0.
        count: of the points.
    """
    order = np.argsort(point, kind='stable')
    seen_by = np.split(view[order], np.flatnonzero(np.diff(point[order])) + 1)
    waiting = sorted(range(len(seen_by)), key=lambda number: -len(seen_by[number]))
    covered = np.zeros(int(view.max()) + 1 if len(view) else 0, int)
    taken: list[int] = []
    wanted = 0
    while waiting and len(taken) < count:
        wanted = max(wanted, int(covered.min())) + 1
        later = []
        for number in waiting:
            if len(taken) < count and (covered[seen_by[number]] < wanted).any():
                covered[seen_by[number]] += 1
                taken.append(number)
            else:
                later.append(number)
        waiting = later
    return np.array(sorted(taken), int)


def thinned(found: ViewPoints, descriptors: list[torch.Tensor], count: int) -> ViewPoints:
    """Return at most ``count`` of all points, each with the one view that describes it best.

    Args:
        found: points of all key frames; those of several are equal to the last bit.
        descriptors: of each key frame (N, D), unit length.
        count: of the points that are kept.
    """
    owner = torch.repeat_interleave(torch.arange(len(found.points)),
                                    torch.tensor([len(points) for points in found.points]))
    _, point = torch.cat(found.points).unique(dim=0, return_inverse=True)
    described = torch.cat([of_view[chosen] for of_view, chosen in zip(descriptors, found.chosen)])
    mean = torch.zeros(int(point.max()) + 1 if len(point) else 0, described.shape[1])
    mean = functional.normalize(mean.index_add(0, point, described), dim=1)
    typical = (described * mean[point]).sum(1)
    best = torch.full((len(mean),), -torch.inf).scatter_reduce(0, point, typical, 'amax')
    first = torch.full((len(mean),), len(point)).scatter_reduce(
        0, point, torch.where(typical == best[point], torch.arange(len(point)), len(point)),
        'amin')
    kept = torch.zeros(len(point), dtype=torch.bool)
    kept[first[torch.from_numpy(covering(owner.numpy(), point.numpy(), count))]] = True
    of_view = kept.split([len(points) for points in found.points])
    return replace(found, points=[points[mine] for points, mine in zip(found.points, of_view)],
                   chosen=[chosen[mine] for chosen, mine in zip(found.chosen, of_view)])
