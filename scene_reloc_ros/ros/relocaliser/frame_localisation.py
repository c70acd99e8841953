# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""One image to one outcome: read it, look the transforms up, localise, move to the robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional, Protocol

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose, moved_covariance
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.bridge.camera_frame import (
    CameraAnswer,
    CameraFrame,
    FrameMessages,
    ImageMessage,
    InputRejection,
)
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.uncertainty.rejection import Rejection


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


def localise_frame(messages: FrameMessages, camera: CameraAnswer,
                   localiser: Optional[FrameLocaliser], lookup: TransformLookup,
                   options: RelocaliserOptions, now_ns: int) -> Outcome:
    """Return the Outcome of an image message.

    Args:
        messages: of the image, and of its depth or None.
        camera: of the newest camera_info.
        localiser: None without a map.
        lookup: of the transforms.
        options: of the node.
        now_ns: present time of the node's clock.
    """
    try:
        if localiser is None:
            raise InputRejection(Rejection.NO_MAP, 'no map is loaded; set the parameter map or '
                                 'call ~/load_map')
        frame = _usable_frame(messages, camera, localiser, options, now_ns)
        base_from_cam = _base_from_cam(frame, lookup, options)
        return _outcome(frame, _localise(localiser, frame), base_from_cam, lookup, options)
    except InputRejection as error:
        return refused_outcome(messages[0], error, options)


def refused_outcome(message: ImageMessage, refusal: InputRejection,
                    options: RelocaliserOptions) -> Outcome:
    """Return the Outcome of an image that gives no pose for its message."""
    return Outcome(nanoseconds(message.header.stamp), refusal.rejection, refusal.detail,
                   options.camera_frame or message.header.frame_id)


def _usable_frame(messages: FrameMessages, camera: CameraAnswer, localiser: FrameLocaliser,
                  options: RelocaliserOptions, now_ns: int) -> CameraFrame:
    """Read the messages; a map without depth cannot use that of the camera."""
    message, depth_message = messages
    if depth_message is not None and localiser.depth_unavailable() is not None:
        depth_message = None
    frame = CameraFrame.of(message, depth_message, camera, options.camera_frame,
                           options.depth_range)
    frame.refuse_unlikely_stamp(now_ns, options.stamp_age_limit, options.stamp_future_limit)
    return frame


def _base_from_cam(frame: CameraFrame, lookup: TransformLookup,
                   options: RelocaliserOptions) -> Optional[np.ndarray]:
    """Return where the camera sits, or None where nothing needs it."""
    if options.tf_mode == 'map_to_camera' and options.pose_of == 'camera':
        return None
    base_from_cam, sentence = lookup.find(
        options.base_frame, frame.named_frame(), frame.stamp_ns, options.tf_wait)
    if base_from_cam is None:
        raise InputRejection(Rejection.NO_CAMERA_TRANSFORM, sentence or '')
    return base_from_cam


def _localise(localiser: FrameLocaliser, frame: CameraFrame) -> Localisation:
    try:
        return localiser.localise(frame.image, frame.camera, frame.depth_m)
    except (ValueError, RuntimeError) as error:
        raise InputRejection(
            Rejection.LOCALISER_FAILED, f'the localiser failed: {error}') from error


def _outcome(frame: CameraFrame, found: Localisation, base_from_cam: Optional[np.ndarray],
             lookup: TransformLookup, options: RelocaliserOptions) -> Outcome:
    """Return what a localisation means for the robot."""
    sentence = found.detail
    if found.rejection is not None:
        sentence = f'{found.rejection.sentence} {found.detail}'.strip()
    outcome = Outcome(
        frame.stamp_ns, found.rejection, sentence, frame.frame_id, frame.image, frame.camera,
        found)
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
