# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Sequence window: views that were refused alone are joined through odometry until it is sure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import checked_pose, invert_pose, rotation_vector
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.pipeline.sequence.joint_localiser import (
    JointLocaliser,
    MOST_VIEWS,
    PlacedQuery,
)
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions

_MOST_KEPT = 64  # queries in memory, count, however fast they come


@dataclass(frozen=True)
class WindowOptions:
    """Which moments are joined."""

    seconds: float = 2.0  # how old a moment may be, seconds
    views: int = 6  # moments that are joined at most, the newest included, count
    apart: float = 0.1  # view novelty between those that are kept: nearer ones say the same
    odometry: GateOptions = GateOptions()  # its drift

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not 2 <= self.views <= MOST_VIEWS:
            raise ValueError(f'a window of {self.views} views; expected 2 to {MOST_VIEWS}')
        if not (0 < self.seconds < math.inf and 0 <= self.apart < math.inf):
            raise ValueError(f'a window of {self.seconds} s, views {self.apart} apart; expected a '
                             'positive time and no negative novelty')


@dataclass(frozen=True)
class _Kept:
    """The views of a moment that were refused, and how far the camera had come by then."""

    stamp_ns: int
    views: Sequence[PlacedQuery]  # as the first of its cameras sees them
    odom_from_cam: np.ndarray  # (4, 4), metres
    way_m: float
    turned_rad: float


class SequenceWindow:
    """Remembers the views of the last seconds that were refused; equal input, equal answers."""

    def __init__(self, joint: JointLocaliser, options: WindowOptions = WindowOptions()):
        """Start without views.

        Args:
            joint: of the map; another map needs another window.
            options: of the window.
        """
        self.joint, self.options = joint, options
        self.reset()

    def reset(self) -> None:
        """Forget everything: after another map, lost odometry, or a clock that jumped back."""
        self._kept: deque[_Kept] = deque(maxlen=_MOST_KEPT)
        self._newest: _Kept | None = None

    def __len__(self) -> int:
        """Return how many moments are remembered."""
        return len(self._kept)

    def localise(self, stamp_ns: int, image: np.ndarray, camera: Camera,
                 odom_from_cam: np.ndarray, depth_m: np.ndarray | None = None) -> Localisation:
        """Return the Localisation of an image, alone or with those before it, or its refusal.

        Args:
            stamp_ns: of the image, nanoseconds.
            image, camera, depth_m: see ``Localiser.localise``.
            odom_from_cam: (4, 4) of its camera as odometry has it, metres; ValueError where it is
                no pose.
        """
        localiser = self.joint.localiser
        query = localiser.prepare(image, camera, depth_m)
        solved = localiser.solve(query)
        alone = localiser.assess(query, solved, None, localiser.examine(query, solved))
        return self.join(stamp_ns, [PlacedQuery(query)], odom_from_cam, alone.localisation)

    def join(self, stamp_ns: int, views: Sequence[PlacedQuery], odom_from_cam: np.ndarray,
             alone: Localisation) -> Localisation:
        """Return what views were answered alone, or the Localisation of them joined with others.

        An accepted answer is returned as it is, and the views are not remembered: what has a pose
        needs no help. A refused one stays refused where the others do not make it sure; the
        reason is its own. Views that have made an answer are forgotten: whoever counts answers
        that agree, as the gate does, takes them as independent.

        Args:
            stamp_ns: of the moment, nanoseconds.
            views: of one camera or a rig at that moment, as the first of them sees the others.
            odom_from_cam: (4, 4) of the first, see ``localise``.
            alone: their own answer.
        """
        newest = self._place(stamp_ns, views, odom_from_cam)
        if alone.accepted:
            return alone
        chosen = self._chosen(newest)
        self._keep(newest)
        if len(chosen) < 2:
            return alone
        found = self.joint.trace([placed for kept in chosen
                                  for placed in self._seen_from(newest, kept)]).localisation
        if not found.accepted:
            return alone
        self._kept.clear()
        return found

    def _place(self, stamp_ns: int, views: Sequence[PlacedQuery],
               odom_from_cam: np.ndarray) -> _Kept:
        """Return views with the way so far; what is too old, or newer than it, is forgotten."""
        pose = checked_pose(odom_from_cam, 'odometry')
        before = self._newest
        if before is not None and stamp_ns < before.stamp_ns:
            self.reset()
            before = None
        way_m = turned_rad = 0.0
        if before is not None:
            step = invert_pose(before.odom_from_cam) @ pose
            way_m = before.way_m + float(np.linalg.norm(step[:3, 3]))
            turned_rad = before.turned_rad + float(np.linalg.norm(rotation_vector(step[:3, :3])))
        oldest_ns = stamp_ns - self.options.seconds * 1e9
        while self._kept and self._kept[0].stamp_ns < oldest_ns:
            self._kept.popleft()
        self._newest = _Kept(stamp_ns, views, pose, way_m, turned_rad)
        return self._newest

    def _keep(self, newest: _Kept) -> None:
        """Remember a moment, in place of the last one where that saw nearly the same."""
        if len(self._kept) > 1 and _novelty(self._kept[-2], self._kept[-1]) < self.options.apart:
            self._kept.pop()
        self._kept.append(newest)

    def _chosen(self, newest: _Kept) -> list[_Kept]:
        """Return the newest and some before it, as evenly over what was kept as can be."""
        others = [kept for kept in self._kept if _novelty(kept, newest) >= self.options.apart]
        most = min(self.options.views, MOST_VIEWS // len(newest.views))
        count = min(most - 1, len(others))
        places = np.linspace(0, len(others) - 1, count).round().astype(int) if count else []
        return [newest, *(others[place] for place in reversed(places))]

    def _seen_from(self, newest: _Kept, kept: _Kept) -> Sequence[PlacedQuery]:
        """Return views as they are seen from the newest, with what odometry may have drifted."""
        if kept is newest:
            return newest.views
        age_s = (newest.stamp_ns - kept.stamp_ns) * 1e-9
        drift = self.options.odometry.drift(
            newest.way_m - kept.way_m, newest.turned_rad - kept.turned_rad, age_s)
        first_from_kept = invert_pose(newest.odom_from_cam) @ kept.odom_from_cam
        return [replace(view, first_from_cam=first_from_kept @ view.first_from_cam, drift=drift,
                        age_s=age_s) for view in kept.views]


def _novelty(view: _Kept, other: _Kept) -> float:
    return float(view_novelty(torch.from_numpy(view.odom_from_cam),
                              torch.from_numpy(other.odom_from_cam)[None])[0])
