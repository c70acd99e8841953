# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The transform map to odom: set by poses, moved on by a timer, forgotten when the robot is lost.

Poses come from the worker's thread, loss and map swaps from service threads too, and the timer
broadcasts from a third. One lock spans reading, moving on, writing back and sending, so that
after ``forget`` has returned nothing of what was forgotten is ever sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import math
import threading
from typing import Any, Optional

import numpy as np

from scene_reloc_ros.pipeline.tracking.slew_limit import slew_limited

_LEAST_S = 1e-9


@dataclass(frozen=True)
class Correction:
    """The transform that is broadcast, on its way to the newest one."""

    map_from_child: np.ndarray  # (4, 4) as broadcast
    target: np.ndarray  # (4, 4) as localised
    child_frame: str  # of odometry, or the camera where none tracks it
    odom_from_base: np.ndarray  # (4, 4) where the robot was, seen from the child frame


class MapToOdom:
    """Holds the present Correction; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without one."""
        self._lock = threading.Lock()
        self._correction: Optional[Correction] = None
        self._stepped_s = -math.inf

    def set(self, target: np.ndarray, child_frame: str, odom_from_base: np.ndarray,
            at_once: bool) -> None:
        """Take a new target.

        Args:
            target: (4, 4) map_from_child.
            child_frame: its child frame.
            odom_from_base: (4, 4) where the robot is, seen from the child frame.
            at_once: go there in the next step, whatever the slew limits.
        """
        with self._lock:
            present = self._correction
            begin = target if at_once or present is None else present.map_from_child
            self._correction = Correction(begin, target, child_frame, odom_from_base)

    def forget(self) -> None:
        """Send nothing more until the next ``set``."""
        with self._lock:
            self._correction = None

    def step(self, now_s: float, largest_m_s: float, largest_rad_s: float,
             send: Callable[[np.ndarray, str], Any]) -> Any:
        """Move towards the target and send; returns what ``send`` returns, None without a target.

        Args:
            now_s: present time, seconds of a clock that never jumps.
            largest_m_s: fastest that the robot may be moved, metres per second.
            largest_rad_s: fastest that it may be turned, rad per second.
            send: called with (map_from_child (4, 4), child_frame), under the lock.
        """
        with self._lock:
            if self._correction is None:
                return None
            elapsed_s = max(now_s - self._stepped_s, _LEAST_S)  # no limit times nothing is NaN
            self._stepped_s = now_s
            present = self._correction
            self._correction = replace(present, map_from_child=slew_limited(
                present.map_from_child, present.target, present.odom_from_base,
                largest_m_s * elapsed_s, largest_rad_s * elapsed_s))
            return send(self._correction.map_from_child, self._correction.child_frame)
