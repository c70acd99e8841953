# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Held-out frames: kept from training, so that a map knows how good it is where it has not looked.

They are held out in blocks of time: beside a training frame of the same second a map is too good.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.posed_image import PosedImage

MINIMUM_FRAMES = 60  # of which some can be spared
MINIMUM_FOLDED = 20  # of which none can, but several maps can be made
_FOLDS = 4
_FOLD_BLOCKS = 12  # of all folds together, at most
_SHARE = 0.17  # of the frames that is held out
_MOST = 144  # frames held out, count
_LEAST_BLOCKS = 5
# frames of a block: errors of SLAM poses are alike for most of a second, and a training frame
# within that time gives them away
_SHORTEST, _LONGEST = 2, 24
# beside a block as well: views this much alike, at most so many frames, and of all together such a
# share, are neither trained on nor asked
_GUARD_NOVELTY, _GUARD_FRAMES, _GUARD_SHARE = 0.25, 12, 0.25
_LARGEST_M = 0.5  # a block ends where the camera has gone farther: larger holes spoil a map
_LARGEST_RAD = 0.5


class PosedFrames(Protocol):
    """Posed images by number: a Sequence of ``datasets``, or a plain list."""

    def __len__(self) -> int:
        """Return the number of frames."""

    def __getitem__(self, index: int, /) -> PosedImage:
        """Decode one frame."""


class FrameSubset:
    """Some frames of a sequence of PosedImage, by index; poses need no decoding."""

    def __init__(self, frames: PosedFrames, indices: Iterable[int]):
        """Keep both; nothing is read."""
        self._frames, self.indices = frames, [int(index) for index in indices]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.indices)

    def __getitem__(self, index: int) -> PosedImage:
        """Decode one frame."""
        return self._frames[self.indices[index]]

    def pose_and_name(self, index: int) -> tuple[np.ndarray | None, str]:
        """Return map_from_cam (4, 4) and the name of a frame, without decoding where possible."""
        return pose_and_name(self._frames, self.indices[index])

    def stamp_ns(self, index: int) -> int:
        """Return the stamp of a frame, without decoding where possible."""
        return stamp_ns(self._frames, self.indices[index])


def pose_and_name(frames: Any, index: int) -> tuple[np.ndarray | None, str]:
    """Return map_from_cam (4, 4) and the name of a frame.

    A Sequence of ``datasets`` knows both without decoding images; a plain list has only frames.
    """
    if isinstance(frames, FrameSubset):
        return frames.pose_and_name(index)
    if hasattr(frames, 'map_from_cam'):
        return frames.map_from_cam(index), frames.names[index]
    frame = frames[index]
    return frame.map_from_cam, frame.name


def stamp_ns(frames: Any, index: int) -> int:
    """Return the stamp of a frame, nanoseconds; of a plain list its frames say it."""
    if hasattr(frames, 'stamp_ns'):
        return int(frames.stamp_ns(index))
    return int(frames[index].stamp_ns)


def held_out_blocks(map_from_cam: np.ndarray) -> list[np.ndarray]:
    """Return blocks of consecutive frames to hold out, a list of index arrays, empty for few.

    Args:
        map_from_cam: poses (F, 4, 4) in the order of time, metres.
    """
    count = len(map_from_cam)
    if count < MINIMUM_FRAMES:
        return []
    lengths = np.array([_block_length(map_from_cam, first) for first in range(count)])
    wanted = min(_SHARE * count, _MOST)
    blocks = max(_LEAST_BLOCKS, round(wanted / np.median(lengths)))
    length = max(1, round(wanted / blocks))
    firsts = ((np.arange(blocks) + 0.5) / blocks * count).astype(int)
    return [np.arange(first, min(first + min(length, lengths[first]), count))
            for first in firsts]


def guards_of(map_from_cam: np.ndarray, blocks: list[np.ndarray]) -> np.ndarray:
    """Return the indices (G,) of the frames beside blocks that share an error of poses with them.

    A robot that comes back another day shares none. They are worth leaving out while a map is
    checked where it takes them afterwards.

    Args:
        map_from_cam: poses (F, 4, 4) in the order of time, metres.
        blocks: of ``held_out_blocks``.
    """
    held_out = np.concatenate([np.zeros(0, int), *blocks])
    most = min(_GUARD_FRAMES, int(_GUARD_SHARE * len(map_from_cam) / max(1, 2 * len(blocks))))
    guards = [index for block in blocks for step in (-1, 1)
              for index in _alike(map_from_cam, int(block[0 if step < 0 else -1]), step, most)]
    return np.setdiff1d(np.array(guards, int), held_out)


def folds_of(count: int) -> list[list[np.ndarray]]:
    """Return the blocks of consecutive frames that each of some folds holds out.

    Every frame is held out once. There is no fold of too few frames.

    Args:
        count: of the frames, in the order of time.
    """
    if count < MINIMUM_FOLDED:
        return []
    blocks = np.array_split(np.arange(count), min(_FOLD_BLOCKS, count // 2))
    return [blocks[number::_FOLDS] for number in range(_FOLDS)]


def _block_length(poses: np.ndarray, first: int) -> int:
    """Return how many frames from ``first`` on stay near it."""
    near = poses[first:first + _LONGEST]
    moved = np.linalg.norm(near[:, :3, 3] - near[0, :3, 3], axis=1)
    cosine = (np.einsum('ij,fij->f', near[0, :3, :3], near[:, :3, :3]) - 1) / 2
    far = (moved > _LARGEST_M) | (np.arccos(np.clip(cosine, -1, 1)) > _LARGEST_RAD)
    return max(_SHORTEST, int(np.argmax(far)) if far.any() else len(near))


def _alike(poses: np.ndarray, end: int, step: int, most: int) -> list[int]:
    """Return the frames before (-1) or after (1) the end of a block that show nearly its view."""
    beside = np.arange(1, most + 1) * step + end
    beside = beside[(beside >= 0) & (beside < len(poses))]
    if not len(beside):
        return []
    novel = view_novelty(torch.from_numpy(poses[end]), torch.from_numpy(poses[beside]))
    near = (novel < _GUARD_NOVELTY).tolist()
    return beside[:near.index(False) if False in near else len(near)].tolist()
