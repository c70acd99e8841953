# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Trust in odometry alone: how far it may be off since the last pose in the map."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose, rotation_vector
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions

_DRIFT = GateOptions()


@dataclass(frozen=True)
class TrustOptions:
    """How long odometry alone is believed; 0 anywhere: that bound is none."""

    distance_m: float = 1.0  # largest standard deviation of the position, metres
    angle_deg: float = 15.0  # largest standard deviation of the heading, degrees
    seconds: float = 60.0  # longest time without a pose, seconds


class OdometryTrust:
    """Adds up the way since the last pose, and with it the stated drift."""

    def __init__(self, options: TrustOptions = TrustOptions(),
                 drift: GateOptions | None = _DRIFT) -> None:
        """Begin without a pose.

        Args:
            options: the bounds.
            drift: of the odometry; None where there is none, and only time counts.
        """
        self._options, self._drift = options, drift
        self.reset()

    def use(self, options: TrustOptions, drift: GateOptions | None) -> None:
        """Take other options; the way so far stays."""
        self._options, self._drift = options, drift

    def reset(self, now_s: float | None = None) -> None:
        """Begin anew with a pose in the map at ``now_s``, seconds; None: without one."""
        self._since_s = now_s
        self._way_m = self._turned_rad = 0.0
        self._newest: np.ndarray | None = None

    def move(self, odom_from_base: np.ndarray) -> None:
        """Take where odometry has the robot, (4, 4) in metres; some times a second is enough."""
        if self._newest is not None:
            step = invert_pose(self._newest) @ odom_from_base
            self._way_m += float(np.linalg.norm(step[:3, 3]))
            self._turned_rad += float(np.linalg.norm(rotation_vector(step[:3, :3])))
        self._newest = odom_from_base

    def used(self, now_s: float) -> tuple[float, str]:
        """Return the share of the trust that is used up, 1 and more: all, and its sentence."""
        if self._since_s is None:
            return 0.0, ''
        seconds = max(now_s - self._since_s, 0.0)
        shares = [_share(seconds, self._options.seconds)]
        text = f'the last pose is {seconds:.0f} s old'
        if self._drift is not None:
            off = self._drift.drift(self._way_m, self._turned_rad, seconds)
            off_m, off_rad = float(off[0]), float(off[3])
            shares += [_share(off_m, self._options.distance_m),
                       _share(math.degrees(off_rad), self._options.angle_deg)]
            text += (f', and odometry has gone {self._way_m:.1f} m since: it may be off by '
                     f'{off_m:.2f} m and {math.degrees(off_rad):.1f} degrees')
        return max(shares), text


def _share(value: float, bound: float) -> float:
    return value / bound if bound else 0.0
