# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Believed frames: those of a sequence whose poses can be mapped, and why others are left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
import logging
from typing import Any

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.mapping.hold_out import FrameSubset, pose_and_name, PosedFrames
from scene_reloc_ros.uncertainty.pose_plausibility import coherent_poses, MotionBounds, PoseDoubt
from scene_reloc_ros.uncertainty.rejection import Reason, Rejection

_MOST_LEFT_OUT = 1 / 3  # of the frames; more of them are an error
_NAMED = 5  # frames that a sentence names

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftOut:
    """A frame that is not mapped."""

    name: str
    reason: Reason
    sentence: str


@dataclass(frozen=True)
class BelievedFrames:
    """The frames whose poses are believed."""

    frames: PosedFrames
    poses: np.ndarray  # (F, 4, 4) map_from_cam of them
    left_out: list[LeftOut]
    jumps: int  # how often the poses that are believed go on elsewhere

    @property
    def sentence(self) -> str:
        """Return what to tell of those that are left out, '' where there are none."""
        return left_out_sentence(self.left_out)

    def figures(self) -> dict[str, Any]:
        """Return what was left out as plain values."""
        return {'frames': [one.name for one in self.left_out],
                'reasons': dict(Counter(one.reason.code for one in self.left_out))}


def left_out_sentence(left_out: list[LeftOut]) -> str:
    """Return one sentence that names frames that were left out, '' where there are none."""
    if not left_out:
        return ''
    more = f' and {len(left_out) - _NAMED} more' if len(left_out) > _NAMED else ''
    named = '; '.join(one.sentence for one in left_out[:_NAMED])
    count = len(left_out)
    return f'{count} frame{"s" * (count > 1)} left out: {named}{more}'


def believed_frames(frames: PosedFrames, bounds: MotionBounds) -> BelievedFrames:
    """Return the BelievedFrames of a sequence.

    Args:
        frames: posed images; no image is decoded where the poses are known without.
        bounds: of the motion from frame to frame.

    Raises ValueError where more than a third of them would be left out.
    """
    found: dict[int, np.ndarray] = {}
    left_out: dict[int, LeftOut] = {}
    for index in range(len(frames)):
        pose = _pose(frames, index)
        if isinstance(pose, LeftOut):
            left_out[index] = pose
        else:
            found[index] = pose
    poses = np.stack(list(found.values())) if found else np.zeros((0, 4, 4))
    coherence = coherent_poses([_stamp_ns(frames, index) for index in found], poses, bounds)
    for index, believed in zip(found, coherence.believed):
        if not believed:
            left_out[index] = _jumped(pose_and_name(frames, index)[1])
    named = [left_out[index] for index in sorted(left_out)]
    if len(named) > _MOST_LEFT_OUT * len(frames):
        raise ValueError(f'{left_out_sentence(named)}: of {len(frames)} frames that is more than '
                         'a third; repair the poses, or raise the limits of speed and turning')
    if named:
        _logger.warning('%s', left_out_sentence(named))
    kept = [index for index in range(len(frames)) if index not in left_out]
    return BelievedFrames(FrameSubset(frames, kept) if named else frames,
                          poses[coherence.believed], named, coherence.jumps)


def _pose(frames: PosedFrames, index: int) -> np.ndarray | LeftOut:
    """Return the pose of a frame, or why it has none."""
    name = frames.names[index] if isinstance(frames, Sequence) else f'number {index}'
    try:
        pose, name = pose_and_name(frames, index)
        if pose is not None:
            return checked_pose(pose, name)
    except ValueError as error:
        return LeftOut(name, PoseDoubt.POSE_IMPOSSIBLE, str(error))
    return LeftOut(name, Rejection.NO_CAMERA_TRANSFORM, f'frame {name} has no pose')


def _jumped(name: str) -> LeftOut:
    return LeftOut(name, PoseDoubt.POSE_JUMP,
                   f'the pose of {name} is where no robot gets from those around it')


def _stamp_ns(frames: PosedFrames, index: int) -> int:
    """Return the stamp of a frame, without decoding where possible."""
    return (frames.stamp_ns(index) if isinstance(frames, Sequence)
            else frames[index].stamp_ns)
