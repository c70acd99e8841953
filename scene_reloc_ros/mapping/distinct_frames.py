# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Distinct frames: in the order of time, whatever the list says, each view once.

A camera that stood still shows one view a thousand times. Trained on and held out, such pictures
outweigh all others, and a held-out one that has a twin among those trained on proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.hold_out import FrameSubset, pose_and_name, PosedFrames, stamp_ns

# Views within these bounds are one: SLAM poses of a camera that stands move by less.
_SAME_M, _SAME_RAD = 0.01, float(np.radians(0.5))
# Poses within these are equal, but for the digits of a file.
_EQUAL_M, _EQUAL_RAD = 1e-4, float(np.radians(0.01))
_STILL_NS = 1_000_000_000  # a camera that shows one view for so long stands still
_STILL_FRAMES = 15  # or so many in a row: a hand that turns back shows ten


def distinct(frames: PosedFrames) -> PosedFrames:
    """Return posed frames in the order of time, without the pictures of a camera that stood still.

    ValueError names a frame whose pose is missing or impossible.
    """
    order = in_order(frames)
    ordered = FrameSubset(frames, order)
    poses = invert_pose(mapping_poses(ordered)).numpy()
    return FrameSubset(frames, order[distinct_views(poses, stamps_of(ordered))])


def stamps_of(frames: PosedFrames) -> list[int]:
    """Return the stamps of all frames, nanoseconds."""
    return [stamp_ns(frames, index) for index in range(len(frames))]


def in_order(frames: PosedFrames) -> np.ndarray:
    """Return the indices (F,) of posed frames in the order of time.

    Frames without stamps, all of which are equal then, come in the order of a walk from each to
    the view nearest to it. How a list is shuffled makes no difference.
    """
    stamps = stamps_of(frames)
    if len(set(stamps)) == len(stamps):
        return np.argsort(stamps)
    names = [pose_and_name(frames, index)[1] for index in range(len(frames))]
    order = np.array(sorted(range(len(frames)), key=lambda index: (stamps[index], names[index])))
    if len(set(stamps)) > 1:
        return order
    return order[_walk(invert_pose(mapping_poses(FrameSubset(frames, order))).numpy())]


def distinct_views(map_from_cam: np.ndarray, stamps_ns: Sequence[int]) -> np.ndarray:
    """Return the indices of the frames that are left when a camera that stood still counts once.

    Args:
        map_from_cam: poses (F, 4, 4) in the order of time, metres.
        stamps_ns: of the frames, F.
    """
    kept: list[int] = []
    first = 0
    while first < len(map_from_cam):
        end = first + _length_of_view(map_from_cam[first:])
        lasted_ns = stamps_ns[end - 1] - stamps_ns[first]
        if lasted_ns >= _STILL_NS or end - first >= _STILL_FRAMES:
            kept.append((first + end - 1) // 2)
        else:
            run = map_from_cam[first:end]
            equal = _within(run[:-1], run[1:], _EQUAL_M, _EQUAL_RAD)
            kept.extend(first + np.flatnonzero(~np.concatenate(([False], equal))))
        first = end
    return np.array(kept, int)


def training_frames(map_from_cam: np.ndarray, stamps_ns: Sequence[int],
                    held_out: np.ndarray) -> np.ndarray:
    """Return the indices of the frames to train on where some are held out.

    What shows the view of a held-out frame at another time is left out too: then a block is held
    out of its place and not of one visit to it. Within a second of time, blocks are long enough.
    A camera that hardly leaves one place shows little else: then all others stay.

    Args:
        map_from_cam: poses (F, 4, 4) in the order of time, metres.
        stamps_ns: of the frames, F.
        held_out: their indices.
    """
    stamps = np.asarray(stamps_ns)
    others = np.setdiff1d(np.arange(len(map_from_cam)), held_out)
    timeless = stamps.min() == stamps.max()
    twin = np.zeros(len(others), bool)
    for index in held_out:
        same = _within(map_from_cam[index], map_from_cam[others], _SAME_M, _SAME_RAD)
        twin |= same & (timeless | (np.abs(stamps[others] - stamps[index]) > _STILL_NS))
    return others[~twin] if 2 * int(twin.sum()) < len(others) else others


def _length_of_view(poses: np.ndarray) -> int:
    """Return how many of the first poses (F, 4, 4) show one view, at least 1."""
    length, chunk = 1, 64
    while length < len(poses):
        same = _within(poses[0], poses[length:length + chunk], _SAME_M, _SAME_RAD)
        if not same.all():
            return length + int(np.argmin(same))
        length += len(same)
    return length


def _within(one: np.ndarray, others: np.ndarray, metres: float, radians: float) -> np.ndarray:
    """Return which of some poses (F, 4, 4) are so near to one, or to F others."""
    moved, turned = _apart(one, others)
    return (moved <= metres) & (turned <= radians)


def _apart(one: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return metres and radians (F,) between poses (F, 4, 4) and one, or F others."""
    moved = np.linalg.norm(others[..., :3, 3] - one[..., :3, 3], axis=-1)
    # by the chord: exact for small angles, where the trace is not
    chord = np.linalg.norm(others[..., :3, :3] - one[..., :3, :3], axis=(-2, -1))
    return moved, 2 * np.arcsin(np.clip(chord / np.sqrt(8), 0, 1))


def _walk(poses: np.ndarray) -> np.ndarray:
    """Return the order (F,) of poses (F, 4, 4) from the first to the nearest one, and so on."""
    order, left = [0], np.arange(1, len(poses))
    while len(left):
        moved, turned = _apart(poses[order[-1]], poses[left])
        nearest = int(np.argmin(np.hypot(moved, turned)))
        order.append(int(left[nearest]))
        left = np.delete(left, nearest)
    return np.array(order)
