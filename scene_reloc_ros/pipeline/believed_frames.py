# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Usable frames: those of a sequence that can be mapped, and why others are left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
import logging
from typing import Any

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.readable_frames import readable_frames, UnusableFrames
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.mapping.distinct_frames import distinct
from scene_reloc_ros.mapping.hold_out import FrameSubset, pose_and_name, PosedFrames, stamp_ns
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.methods.local_frames import local_origin, LocalFrames
from scene_reloc_ros.pipeline.depth_unit import refuse_other_unit
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

    def figures(self) -> dict[str, Any]:
        """Return what was left out as plain values."""
        return {'frames': [one.name for one in self.left_out],
                'reasons': dict(Counter(one.reason.code for one in self.left_out))}


@dataclass(frozen=True)
class UsableFrames:
    """Frames that a map can be made of."""

    frames: LocalFrames  # in the order of time, in coordinates near the place
    figures: dict[str, Any]  # what was left out and why, as plain values


def usable_frames(listed: PosedFrames, with_depth: bool, bounds: MotionBounds, least: int,
                  progress: MappingProgress) -> UsableFrames:
    """Return the frames that can be read, whose poses are believed, and that differ.

    Args:
        listed: posed images in any order; a plain list is taken as it is read already.
        with_depth: whether their depth is needed.
        bounds: of the motion from frame to frame.
        least: frames that have to be left, count.
        progress: told of every frame that is read.

    Raises ValueError where too few are left, many cannot be used, or depth has another unit.
    """
    unread = UnusableFrames(len(listed))
    if isinstance(listed, Sequence):
        _refuse_few(listed, least, [])
        listed, unread = readable_frames(
            listed, with_depth, lambda done, name: progress('reading', done, name))
    believed = believed_frames(listed, bounds)
    sentences = [*unread.sentences, *filter(None, [left_out_sentence(believed.left_out)])]
    _refuse_few(believed.frames, least, sentences)
    if with_depth:
        refuse_other_unit(believed.frames)
    frames = distinct(believed.frames)
    if len(frames) < least:
        views = '1 view' if len(frames) == 1 else f'{len(frames)} views'
        raise ValueError(f'the camera stood still: {len(believed.frames)} posed frames show '
                         f'{views}; record while it moves, at least {least} views')
    origin = local_origin(believed.poses[:, :3, 3])
    return UsableFrames(LocalFrames(frames, origin), {
        'left_out': {**unread.as_dict(), **believed.figures(), 'sentences': sentences},
        'frames': len(believed.frames), 'distinct_frames': len(frames),
        'pose_jumps': believed.jumps})


def _refuse_few(frames: PosedFrames, least: int, left_out: list[str]) -> None:
    if len(frames) < least:
        raise ValueError('; '.join((
            f'{len(frames)} posed frames are too few to map; record at least {least}, better 200, '
            'from all over the place', *left_out)))


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
    coherence = coherent_poses([stamp_ns(frames, index) for index in found], poses, bounds)
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
