# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Outcome of one image: a pose, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.uncertainty.rejection import Rejection


@dataclass(frozen=True)
class Outcome:
    """What became of one image; poses in metres, None where there is none."""

    stamp_ns: int
    rejection: Optional[Rejection]  # why there is no pose, or why it is kept back
    sentence: str
    camera_frame: str = ''
    image: Optional[np.ndarray] = None
    camera: Optional[Camera] = None  # of the image
    localisation: Optional[Localisation] = None
    map_from_base: Optional[np.ndarray] = None
    map_from_odom: Optional[np.ndarray] = None
    base_covariance: Optional[np.ndarray] = None
    admitted: bool = True  # by the gate; it keeps poses back that odometry does not explain
    odometry_missing: bool = False  # where tf_mode needs it: a pose, but no map to odom
    sure: bool = False  # of a pose without odometry: others may start from it
    rig_frame: str = ''  # frame that the cameras of a rig are fixed to; empty: one camera

    @property
    def accepted(self) -> bool:
        """Tell whether a pose was found and may be published."""
        return self.admitted and self.rejection is None

    @property
    def reason(self) -> str:
        """The code of a Rejection, or 'accepted' or 'no_odometry'."""
        if self.rejection is not None:
            return self.rejection.code
        reason = StatusReason.NO_ODOMETRY if self.odometry_missing else StatusReason.ACCEPTED
        return reason.code

    @property
    def tracked(self) -> tuple[np.ndarray, Optional[np.ndarray], str]:
        """Return pose, covariance and frame of what is placed in the map without odometry.

        It is the camera, or what the cameras of a rig are fixed to: they have a parent already.
        """
        pose, covariance = self.pose_of('base' if self.rig_frame else 'camera')
        return pose, covariance, self.rig_frame or self.camera_frame

    def pose_of(self, which: str) -> tuple[np.ndarray, Optional[np.ndarray]]:
        """Return pose (4, 4) and covariance (6, 6) of the 'base' or the 'camera', if accepted."""
        found = self.localisation
        assert found is not None
        pose, covariance = (found.map_from_cam, found.covariance) if which == 'camera' else (
            self.map_from_base, self.base_covariance)
        assert pose is not None
        return pose, covariance
