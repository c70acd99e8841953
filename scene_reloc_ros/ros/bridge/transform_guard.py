# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Before the buffer of tf: transforms with wrong stamps or nonsense in them stay outside of it.

A buffer forgets whatever is older than its newest transform by the time it keeps, so that one
stamp of tomorrow empties it. It interpolates across any gap as well: here gaps are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
import math
import threading
from typing import Optional

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.node import Node

from scene_reloc_ros.geometry.poses import checked_pose, FARTHEST_M
from scene_reloc_ros.geometry.sample_times import SampleTimes
from scene_reloc_ros.geometry.stamp_stream import StampVerdict
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_transform
from scene_reloc_ros.ros.bridge.stamp_filter import NodeStamps
from scene_reloc_ros.ros.compat.upstream import Buffer
from scene_reloc_ros.uncertainty.pose_plausibility import DoubtfulPose, PoseDoubt

_USUAL_LENGTH = 0.01  # that the length of a quaternion is off by
_CACHE_NS = 10_000_000_000  # as the buffers keep


@dataclass
class _Link:
    """What is known of the transforms of one child frame to its parent."""

    parent: str
    stamps: NodeStamps
    is_static: bool = False
    times: SampleTimes[str] = field(default_factory=lambda: SampleTimes(_CACHE_NS))
    refused: Optional[tuple[int, str]] = None  # stamp and sentence of the newest, if it is none


class TransformGuard:
    """Feeds a buffer, in whose place a TransformListener takes it."""

    def __init__(self, buffer: Buffer, node: Node) -> None:
        """Feed ``buffer``; stamps are judged by the clock of ``node``."""
        self._buffer, self._node = buffer, node
        self._links: dict[str, _Link] = {}
        self._lock = threading.RLock()

    def clear(self) -> None:
        """Forget what moves, here and in the buffer, unless it is of the present already."""
        with self._lock:
            if not any(link.stamps.just_restarted for link in self._links.values()):
                self._forget()

    def _forget(self) -> None:
        """Forget what moves."""
        self._links = {child: link for child, link in self._links.items() if link.is_static}
        self._buffer.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform, unless it makes no sense."""
        stamp_ns, problem = nanoseconds(transform.header.stamp), _problem(transform)
        with self._lock:
            link = self._link_of(transform)
            verdict = link.stamps.judge(stamp_ns)
            if verdict is StampVerdict.AHEAD or stamp_ns < 0:
                return
            if verdict is StampVerdict.RESTART:
                self._forget()
                self._links[_plain(transform.child_frame_id)] = link
                link.times = SampleTimes(_CACHE_NS)
            if problem:
                link.times.refuse(stamp_ns, problem)
                link.refused = stamp_ns, problem
                return
            link.times.insert(stamp_ns)
            link.refused = None
            self._buffer.set_transform(transform, authority)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform that holds for all time, unless it makes no sense."""
        if _problem(transform):
            return
        with self._lock:
            self._link_of(transform).is_static = True
            self._buffer.set_transform_static(transform, authority)

    def doubt(self, frame_a: str, frame_b: str, stamp_ns: int,
              longest_gap_s: float) -> Optional[DoubtfulPose]:
        """Return why an interpolation at a stamp between two frames is not believed, else None.

        Args:
            frame_a: one of them.
            frame_b: the other.
            stamp_ns: inside of what the buffer knows.
            longest_gap_s: between the transforms before and after the stamp; 0: any.
        """
        with self._lock:
            for child in self._between(frame_a, frame_b):
                link = self._links[child]
                reason, gap_s = link.times.reason(stamp_ns), link.times.gap_ns(stamp_ns) * 1e-9
                if reason is not None:
                    return DoubtfulPose(PoseDoubt.POSE_IMPOSSIBLE, reason)
                if longest_gap_s and gap_s > longest_gap_s:
                    return DoubtfulPose(PoseDoubt.POSE_GAP, (
                        f'the transforms from {link.parent} to {child} before and after the '
                        f'stamp of the image are {gap_s:.2f} s apart, pose_gap_limit is '
                        f'{longest_gap_s:.2f} s'))
        return None

    def refused(self, frame_a: str, frame_b: str) -> Optional[tuple[int, str]]:
        """Return stamp and sentence of a newest transform between two frames that is none."""
        with self._lock:
            found = (self._links[child].refused for child in self._between(frame_a, frame_b))
            return next((one for one in found if one is not None), None)

    def _link_of(self, transform: TransformStamped) -> _Link:
        child, parent = _plain(transform.child_frame_id), _plain(transform.header.frame_id)
        link = self._links.get(child)
        if link is None or link.parent != parent:
            stamps = NodeStamps(self._node) if link is None else link.stamps
            link = self._links[child] = _Link(parent, stamps)
        return link

    def _between(self, frame_a: str, frame_b: str) -> list[str]:
        """Return the child frames whose transforms that move lie between two frames."""
        up_a, up_b = self._ancestors(_plain(frame_a)), self._ancestors(_plain(frame_b))
        return [child for child in (*up_a, *up_b)
                if (child in up_a) != (child in up_b) and child in self._links
                and not self._links[child].is_static]

    def _ancestors(self, frame: str) -> list[str]:
        frames = [frame]
        while frames[-1] in self._links:
            parent = self._links[frames[-1]].parent
            if parent in frames:
                break
            frames.append(parent)
        return frames


def _plain(frame: str) -> str:
    return frame.lstrip('/')


def _problem(transform: TransformStamped) -> str:
    """Return why a transform is none, '' where it is one."""
    t, q = transform.transform.translation, transform.transform.rotation
    length = math.hypot(q.x, q.y, q.z, q.w)
    if abs(length - 1) < _USUAL_LENGTH and max(abs(t.x), abs(t.y), abs(t.z)) < FARTHEST_M:
        return ''  # as nearly all are, by the hundred a second
    name = f'{transform.header.frame_id} to {transform.child_frame_id}'
    try:
        checked_pose(np.asarray(pose_of_transform(transform.transform)), name)
    except ValueError as error:
        return f'a transform from {name} cannot be used: {error}'
    return ''
