# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Poses between those of a recording, and a sequence whose poses come from another time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch

from scene_reloc_ros.datasets.posed_sequence import SelectedFrames, Sequence
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import so3_exp, so3_log

_LONGEST_GAP_S = 1.0  # between two poses that one is interpolated between
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class PoseTrack:
    """N poses of one camera in the order of time."""

    stamps_ns: np.ndarray  # (N,) int64, ascending
    map_from_cam: np.ndarray  # (N, 4, 4)

    @classmethod
    def of(cls, poses: Mapping[int, np.ndarray]) -> PoseTrack:
        """Return the track of poses (4, 4) by stamp, in any order."""
        stamps = sorted(poses)
        return cls(np.array(stamps, np.int64),
                   np.array([poses[stamp] for stamp in stamps]).reshape(-1, 4, 4))

    def at(self, stamps_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the poses (K, 4, 4) at stamps (K,), and which (K,) lie between near poses.

        Positions and rotation vectors are cubic between two poses, with the speeds that the poses
        around them have: a straight line between key frames would be a time offset of its own.
        """
        count = len(self.stamps_ns)
        if count < 2:
            return np.tile(np.eye(4), (len(stamps_ns), 1, 1)), np.zeros(len(stamps_ns), bool)
        start = np.clip(np.searchsorted(self.stamps_ns, stamps_ns, 'right') - 1, 0, count - 2)
        before, after = np.maximum(start - 1, 0), np.minimum(start + 2, count - 1)
        times = [(self.stamps_ns[k] - self.stamps_ns[start]) / _NANOSECONDS
                 for k in (before, start + 1, after)]
        asked = (stamps_ns - self.stamps_ns[start]) / _NANOSECONDS
        known = ((asked >= 0) & (asked <= times[1]) & (times[1] <= _LONGEST_GAP_S))
        share = np.clip(asked / np.maximum(times[1], 1e-9), 0, 1)
        twists = [self._twist(start, k) for k in (before, start + 1, after)]
        moved = _cubic(share[:, None], [time[:, None] for time in times], twists)
        poses = self.map_from_cam[start].copy()
        poses[:, :3, :3] = poses[:, :3, :3] @ so3_exp(torch.from_numpy(moved[:, 3:])).numpy()
        poses[:, :3, 3] += moved[:, :3]
        return poses, known

    def _twist(self, start: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return how poses (K,) are moved in the map and turned against others (K, 6)."""
        from_pose, to_pose = self.map_from_cam[start], self.map_from_cam[other]
        turned = np.swapaxes(from_pose[:, :3, :3], 1, 2) @ to_pose[:, :3, :3]
        vectors = so3_log(torch.from_numpy(np.ascontiguousarray(turned))).numpy()
        return np.c_[to_pose[:, :3, 3] - from_pose[:, :3, 3], vectors]


def _cubic(share: np.ndarray, times: list[np.ndarray], values: list[np.ndarray]) -> np.ndarray:
    """Return Hermite's cubic between 0, at share 0, and the second of three values, at share 1.

    Args:
        share: (K, 1) of the way.
        times: three (K, 1) of the values, seconds, from the start on; the start has none before
            it where the first one is 0, and the end none behind it where the last is the second.
        values: three (K, D).
    """
    (time_before, time_end, time_after), (before, end, after) = times, values
    speed_start = (end - before) / np.maximum(time_end - time_before, 1e-9) * time_end
    speed_end = after / np.maximum(time_after, 1e-9) * time_end
    square, cube = share ** 2, share ** 3
    return ((cube - 2 * square + share) * speed_start + (3 * square - 2 * cube) * end
            + (cube - square) * speed_end)


class ShiftedPoses(SelectedFrames):
    """All frames of a sequence, each with the pose of a while later; pictures and depth stay."""

    def __init__(self, sequence: Sequence, offset_s: float) -> None:
        """Take the pose of each frame from ``offset_s`` seconds after its stamp."""
        super().__init__(sequence, range(len(sequence)))
        self._offset_ns = round(offset_s * _NANOSECONDS)
        known = {}
        for index in range(len(sequence)):
            with suppress(ValueError):  # one that is none costs its own frame, where it is read
                pose = sequence.map_from_cam(index)
                if pose is not None:
                    known[sequence.stamp_ns(index)] = pose
        self._track = PoseTrack.of(known)

    def _read(self, index: int) -> PosedImage:
        return replace(super()._read(index), map_from_cam=self._pose(index))

    def _pose(self, index: int) -> np.ndarray | None:
        if super()._pose(index) is None:
            return None
        stamp_ns = np.array([self._stamp_ns(index) + self._offset_ns])
        (pose,), (known,) = self._track.at(stamp_ns)
        return pose if known else None
