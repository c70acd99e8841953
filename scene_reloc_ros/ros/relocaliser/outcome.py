# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Outcome of one image, and the reasons of ~/status that are no rejections."""

from __future__ import annotations

from dataclasses import dataclass
import enum
from typing import Optional

import numpy as np

from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.uncertainty.rejection import Rejection


class StatusReason(enum.Enum):
    """Reasons of ~/status beside those of Rejection: the sentence for people, and the remedy."""

    ACCEPTED = ('A pose was found and is published.', 'Nothing.')
    NO_ODOMETRY = (
        'A pose was found, but odometry at the stamp of the image is not known.',
        'Publish the transform from odom_frame to base_frame, or set tf_mode to map_to_camera; '
        'raise tf_wait where it comes late.')
    NO_IMAGE = (
        'No image, or none with its depth, has come for image_timeout.',
        'Start the camera or remap its topics; the sentence tells QoS and clocks apart.')
    WORKER_DIED = (
        'The thread that handles the images ended with an error.',
        'Restart the node and report its log.')
    MAP_LOADED = ('A map was loaded; the pose is forgotten.', 'Nothing.')

    @property
    def sentence(self) -> str:
        """The sentence for people."""
        return self.value[0]

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.value[1]

    @property
    def code(self) -> str:
        """The value of the field ``reason`` of ~/status."""
        return self.name.lower()


@dataclass(frozen=True)
class Outcome:
    """What became of one image; poses in metres, None where there is none."""

    stamp_ns: int
    rejection: Optional[Rejection]  # why there is no pose, or why it is kept back
    sentence: str
    camera_frame: str = ''
    image: Optional[np.ndarray] = None
    localisation: Optional[Localisation] = None
    map_from_base: Optional[np.ndarray] = None
    map_from_odom: Optional[np.ndarray] = None
    base_covariance: Optional[np.ndarray] = None
    admitted: bool = True  # by the gate; it keeps poses back that odometry does not explain
    odometry_missing: bool = False  # where tf_mode needs it: a pose, but no map to odom

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
