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

from scene_reloc_ros.features.projection import from_codes
from scene_reloc_ros.methods.matching.key_frames import KeyFrames


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


def thinned(key_frames: KeyFrames, count: int) -> KeyFrames:
    """Return the key frames with at most ``count`` points of all.

    A point that several key frames see (equal to the last bit) keeps the descriptor that is most
    typical of it, in that key frame only.
    """
    counts = [len(frame.points) for frame in key_frames.frames]
    owner = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    points = torch.cat([frame.points for frame in key_frames.frames])
    described = from_codes(torch.cat([frame.codes for frame in key_frames.frames]))
    _, point = points.unique(dim=0, return_inverse=True)
    kept = torch.zeros(len(point), dtype=torch.bool)
    kept[most_typical(described, point)[
        torch.from_numpy(covering(owner.numpy(), point.numpy(), count))]] = True
    return KeyFrames(key_frames.vocabulary, [
        replace(frame, codes=frame.codes[mine], points=frame.points[mine])
        for frame, mine in zip(key_frames.frames, kept.split(counts))])


def most_typical(descriptors: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
    """Return for each point (T,) the observation nearest to the mean of its descriptors.

    Args:
        descriptors: (M, D) unit length, of each observation.
        point: (M,) int64, of each observation, counted from 0.
    """
    count = int(point.max()) + 1 if len(point) else 0
    mean = functional.normalize(
        torch.zeros(count, descriptors.shape[1]).index_add(0, point, descriptors), dim=1)
    typical = (descriptors * mean[point]).sum(1)
    best = torch.full((count,), -torch.inf).scatter_reduce(0, point, typical, 'amax')
    number = torch.where(typical == best[point], torch.arange(len(point)), len(point))
    return torch.full((count,), len(point)).scatter_reduce(0, point, number, 'amin')
