# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From what was found in the images to the outcome: moved to the robot, beside odometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional, Protocol

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose, moved_covariance
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.bridge.camera_frame import CameraFrame, ImageMessage, InputRejection
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome


class FrameLocaliser(Protocol):
    """What a node needs of the core's CameraWatch."""

    def localise(self, image: np.ndarray, camera: Camera,
                 depth_m: Optional[np.ndarray] = None) -> Localisation:
        """Return where the camera is, or why that is not known."""

    def depth_unavailable(self) -> Optional[str]:
        """Return why depth cannot be used, or None where it can."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what is wrong with the camera, as far as its images have shown: sentences."""

    @property
    def scene_map(self) -> SceneMap:
        """Return the map that it localises in, of several the first."""

    def scene_map_of(self, name: str) -> SceneMap:
        """Return the map that an answer names, of several."""


class CameraNotices:
    """What is wrong with the camera of a node; its log has each of it once."""

    def __init__(self, logger: Callable[[], Any]) -> None:
        """Log to what ``logger()`` returns."""
        self._logger, self._told = logger, 0

    def of(self, localiser: Optional[FrameLocaliser]) -> Optional[str]:
        """Return the sentences on the camera of a localiser as one, None where all is well."""
        notices = localiser.notices if localiser is not None else ()
        for notice in notices[self._told:]:
            self._logger().warning(notice)
        self._told = len(notices)
        return '; '.join(notices) or None


def refused_outcome(message: ImageMessage, refusal: InputRejection,
                    options: RelocaliserOptions) -> Outcome:
    """Return the Outcome of an image that gives no pose for its message."""
    return Outcome(nanoseconds(message.header.stamp), refusal.rejection, refusal.detail,
                   options.camera_frame or message.header.frame_id)


def outcome_of(frame: CameraFrame, found: Localisation, base_from_cam: Optional[np.ndarray],
               lookup: TransformLookup, options: RelocaliserOptions) -> Outcome:
    """Return what a localisation means for the robot.

    Args:
        frame: image that was localised, of a rig the first.
        found: where its camera is.
        base_from_cam: (4, 4) where it sits, None where nothing needs it.
        lookup: of the transforms.
        options: of the node.
    """
    sentence = found.detail
    if found.rejection is not None:
        sentence = f'{found.rejection.sentence} {found.detail}'.strip()
    outcome = Outcome(
        frame.stamp_ns, found.rejection, sentence, frame.frame_id, frame.image, frame.camera,
        found, rig_frame=options.base_frame if options.rig else '')
    if found.rejection is not None or base_from_cam is None:
        return outcome
    return _with_odometry(_moved_to_base(outcome, found, base_from_cam), lookup, options)


def _moved_to_base(outcome: Outcome, found: Localisation,
                   base_from_cam: np.ndarray) -> Outcome:
    """Carry an accepted camera pose to the robot."""
    assert found.map_from_cam is not None
    map_from_base = found.map_from_cam @ invert_pose(base_from_cam)
    covariance = None
    if found.covariance is not None:
        offset = map_from_base[:3, 3] - found.map_from_cam[:3, 3]
        covariance = moved_covariance(found.covariance, offset)
    return replace(outcome, map_from_base=map_from_base, base_covariance=covariance)


def _with_odometry(outcome: Outcome, lookup: TransformLookup,
                   options: RelocaliserOptions) -> Outcome:
    """Add the correction of the odometry at the stamp of the image, where it is wanted."""
    if options.tf_mode != 'map_to_odom':
        return outcome
    odom_from_base, missing = lookup.find(
        options.odom_frame, options.base_frame, outcome.stamp_ns, options.tf_wait)
    if odom_from_base is None:
        return replace(outcome, odometry_missing=True, sentence=missing or '')
    return replace(outcome,
                   map_from_odom=outcome.map_from_base @ invert_pose(odom_from_base))
