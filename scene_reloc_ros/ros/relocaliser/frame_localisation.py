# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""One image to one outcome: read it, look the transforms up, localise, move to the robot."""

from dataclasses import dataclass, replace
from typing import Any, Optional

import numpy as np

from scene_reloc_ros.geometry.poses import moved_covariance
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.bridge.images import depth_beside, image_of_message, refuse_other_size
from scene_reloc_ros.ros.relocaliser.pose_filter import stamp_refusal


@dataclass(frozen=True)
class Outcome:
    """What became of one image; poses in metres, None where there is none."""

    stamp_ns: int
    reason: str  # 'accepted', 'no_odometry' (a pose, but no map to odom) or why there is no pose
    sentence: str
    camera_frame: str = ''
    image: Optional[np.ndarray] = None
    localisation: Any = None  # pipeline Localisation
    map_from_base: Optional[np.ndarray] = None
    map_from_odom: Optional[np.ndarray] = None
    base_covariance: Optional[np.ndarray] = None
    admitted: bool = True  # by the gate; it keeps poses back that odometry does not explain

    @property
    def accepted(self):
        """Tell whether a pose was found and may be published."""
        return self.admitted and self.reason in ('accepted', 'no_odometry')


class Refusal(Exception):
    """Ends the work on a frame: a reason code and its sentence."""

    def __init__(self, reason, sentence):
        """Keep both."""
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


def localise_frame(messages, camera_answer, localiser, lookup, options, now_ns):
    """Return the Outcome of an image message.

    Args:
        messages: sensor_msgs Image or CompressedImage, and Image of its depth or None.
        camera_answer: (camera, None) or (None, sentence).
        localiser: the core's localiser, or None without a map.
        lookup: a TransformLookup.
        options: RelocaliserOptions.
        now_ns: present time of the node's clock.
    """
    message, depth_message = messages
    stamp_ns = nanoseconds(message.header.stamp)
    frame = options.camera_frame or message.header.frame_id
    try:
        image, camera = _inputs(message, stamp_ns, camera_answer, localiser)
        unbelievable = stamp_refusal(stamp_ns, now_ns, options)
        if unbelievable is not None:
            raise Refusal(unbelievable[0].name.lower(),
                          f'{unbelievable[0].sentence} Here {unbelievable[1]}.')
        depth = _depth(depth_message, message, camera, localiser)
        base_from_cam = _base_from_cam(frame, stamp_ns, lookup, options)
        localisation = _localise(localiser, image, camera, depth)
        if not localisation.accepted:
            rejection = localisation.rejection
            return Outcome(stamp_ns, rejection.name.lower(),
                           f'{rejection.sentence} {localisation.detail}'.strip(), frame, image,
                           localisation)
        if base_from_cam is None:
            return Outcome(stamp_ns, 'accepted', localisation.detail, frame, image, localisation)
        outcome = _moved_to_base(stamp_ns, frame, image, localisation, base_from_cam)
        return _with_odometry(outcome, lookup, options)
    except Refusal as refusal:
        return Outcome(stamp_ns, refusal.reason, refusal.sentence, frame)


def _inputs(message, stamp_ns, camera_answer, localiser):
    """Return image and camera; Refusal where one of the inputs cannot be used."""
    if localiser is None:
        raise Refusal('no_map', 'no map is loaded; set the parameter map or call ~/load_map')
    if stamp_ns == 0:
        raise Refusal('zero_stamp', 'the stamp of the image is zero; the camera driver has to '
                      'stamp its images')
    camera, sentence = camera_answer
    if camera is None:
        raise Refusal('bad_camera_info', sentence)
    try:
        image = image_of_message(message)
        refuse_other_size(image, camera)
    except ValueError as error:
        raise Refusal('bad_image', str(error)) from error
    return image, camera


def _depth(depth_message, message, camera, localiser):
    """Return the depth image, None without one or where the map cannot use it."""
    if depth_message is None or localiser.depth_unavailable() is not None:
        return None
    try:
        return depth_beside(depth_message, message, camera)
    except ValueError as error:
        raise Refusal('bad_depth', f'{error}; or set use_depth to false') from error


def _base_from_cam(frame, stamp_ns, lookup, options):
    """Return where the camera sits, or None where nothing needs it."""
    if options.tf_mode == 'map_to_camera' and options.pose_of == 'camera':
        return None
    if not frame:
        raise Refusal('no_camera_frame', 'the image has no frame_id; set the parameter '
                      'camera_frame')
    base_from_cam, sentence = lookup.find(options.base_frame, frame, stamp_ns, options.tf_wait)
    if base_from_cam is None:
        raise Refusal('no_camera_transform', sentence)
    return base_from_cam


def _localise(localiser, image, camera, depth):
    try:
        return localiser.localise(image, camera, depth)
    except (ValueError, RuntimeError) as error:
        raise Refusal('localiser_failed', f'the localiser failed: {error}') from error


def _moved_to_base(stamp_ns, frame, image, localisation, base_from_cam):
    """Return the outcome of an accepted camera pose, carried to the robot."""
    map_from_base = localisation.map_from_cam @ np.linalg.inv(base_from_cam)
    covariance = None
    if localisation.covariance is not None:
        offset = map_from_base[:3, 3] - localisation.map_from_cam[:3, 3]
        covariance = moved_covariance(localisation.covariance, offset)
    return Outcome(stamp_ns, 'accepted', localisation.detail, frame, image, localisation,
                   map_from_base, base_covariance=covariance)


def _with_odometry(outcome, lookup, options):
    """Add the correction of the odometry at the stamp of the image, where it is wanted."""
    if options.tf_mode != 'map_to_odom':
        return outcome
    odom_from_base, missing = lookup.find(
        options.odom_frame, options.base_frame, outcome.stamp_ns, options.tf_wait)
    if odom_from_base is None:
        return replace(outcome, reason='no_odometry', sentence=missing)
    return replace(outcome,
                   map_from_odom=outcome.map_from_base @ np.linalg.inv(odom_from_base))
