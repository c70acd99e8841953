# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry that comes on /tf alone, as messages for the watch over it."""

from __future__ import annotations

from typing import Optional

import numpy as np

from scene_reloc_ros.pipeline.tracking.loss import Loss
from scene_reloc_ros.pipeline.tracking.odometry_watch import OdometryWatch
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup

_NOT_STATED = np.zeros((6, 6))  # a covariance of zeros says nothing


class TransformOdometry:
    """Looks the newest transform odom to base up, some times a second.

    Where odometry is on a topic too, that tells more, and this is silent.
    """

    def __init__(self, watch: OdometryWatch) -> None:
        """Hand what is found to ``watch``."""
        self._watch = watch
        self._newest: Optional[tuple[int, str]] = None  # stamp, and why it is no pose
        self.pose: Optional[np.ndarray] = None  # (4, 4) odom_from_base that was found last

    def look(self, lookup: TransformLookup, odom_frame: str, base_frame: str, now_s: float,
             told_elsewhere: bool) -> Optional[Loss]:
        """Return the Loss that the newest transform tells, None where it tells none.

        Args:
            lookup: of /tf.
            odom_frame, base_frame: of odometry.
            now_s: present time, seconds of a clock that never jumps.
            told_elsewhere: odometry comes on a topic, so that only ``pose`` is kept here.
        """
        found, problem = lookup.newest(odom_frame, base_frame), ''
        refused = lookup.refused(odom_frame, base_frame)
        if refused is not None and (found is None or refused[0] > found[0]):
            found, problem = (refused[0], np.full((4, 4), np.nan)), refused[1]
        if found is None:
            return None
        stamp_ns, pose = found
        self.pose = None if problem else pose
        before, self._newest = self._newest, (stamp_ns, problem)
        if told_elsewhere or self._newest == before:
            return None
        return self._watch.take(now_s, stamp_ns, self.pose, _NOT_STATED)
