# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reasons why there is no pose: their codes, their sentences and what to do about them."""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """A reason: the value is its sentence for people, and the remedy."""

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
        """The code in status messages and reports."""
        return self.name.lower()


class Rejection(Reason):
    """Why an image gave no pose: the sentence for people, and the remedy."""

    # found before the image is looked at
    NO_MAP = (
        'No map is loaded.',
        'Set the parameter map or call ~/load_map; the mapper or scene_reloc map trains one.')
    ZERO_STAMP = (
        'The stamp of the image is zero.',
        'Let the camera driver stamp its images.')
    STALE_STAMP = (
        'The image is too old; check clocks and the load of the machine.',
        'Synchronise the clocks, set use_sim_time for a recording that is played, or raise '
        'stamp_age_limit.')
    FUTURE_STAMP = (
        'The image is stamped in the future; check clocks and use_sim_time.',
        'Synchronise the clocks, or raise stamp_future_limit.')
    BAD_CAMERA_INFO = (
        'The camera_info is missing or cannot be used.',
        'Calibrate the camera and let its driver publish camera_info beside the images.')
    BAD_IMAGE = (
        'The image cannot be read, or is of another size than its camera_info.',
        'Send one of the encodings that the sentence lists; run image_proc for raw Bayer data.')
    BAD_DEPTH = (
        'The depth image cannot be used with the image.',
        'Register the depth to the colour camera (depth_image_proc/register, or align_depth of '
        'the driver), or set use_depth to false.')
    NO_CAMERA_FRAME = (
        'The image has no frame_id.',
        'Set the parameter camera_frame, or the frame of the camera driver.')
    NO_CAMERA_TRANSFORM = (
        'The pose of the camera at the stamp of the image is not known.',
        'Publish the transform from base_frame to the camera, and check the clocks; raise '
        'tf_wait where it comes late.')
    LOCALISER_FAILED = (
        'The localiser ended with an error.',
        'Read the sentence; where memory is short, free some or set device to cpu.')
    # found in the image
    TOO_DARK = (
        'The image is too dark or too flat to show the place.',
        'Turn the light on, or let the camera expose longer.')
    TOO_BRIGHT = (
        'The image is overexposed; most of it is white.',
        'Let the camera expose shorter, and check that automatic exposure is on.')
    TOO_BLURRED = (
        'The image is blurred more than the mapping frames.',
        'Move slower, let the camera expose shorter, and check focus and lens.')
    TOO_FEW_CELLS = (
        'The image is too small or too empty to be localised.',
        'Send larger images, and check that nothing covers the lens or the depth.')
    NO_SIMILAR_VIEW = (
        'Too little of the image looks like any key frame of the map.',
        'Look at mapped places from views like those of the recording; record more of this '
        'place.')
    WRONG_CAMERA = (
        'The camera sees the place at a scale that the map was not made for.',
        'Use a camera of about the focal length that the map was made with, or map again.')
    # found in the pose
    NO_CONSENSUS = (
        'No pose explains the image; this place may not be in the map.',
        'Look at mapped places; record more of this place and train again.')
    AMBIGUOUS = (
        'Two different poses explain the image equally well.',
        'Move or turn until something unique is in view; odometry helps the gate to choose.')
    UNDECIDED_MAP = (
        'Two maps explain the image about as well.',
        'Look at something that only one of the places has; give maps that overlap a transform '
        'into one frame (scene_reloc info MAP --set-transform).')
    UNDETERMINED = (
        'The points that agree do not fix all of the pose.',
        'Turn towards a part of the place that has depth and texture.')
    TOO_FEW_INLIERS = (
        'Too few of the image points agree with the best pose.',
        'Look at mapped places from views like those of the recording; map again what has '
        'changed.')
    CONCENTRATED = (
        'The points that agree lie too close together to fix the pose.',
        'Turn until mapped structure fills more of the image.')
    OUTSIDE_MAP = (
        'The best pose lies outside the mapped space.',
        'Record this place too and train again.')
    UNCERTAIN = (
        'The best pose is not known as exactly as is asked for.',
        'Come closer to mapped views, or raise accept_within and accept_angle.')
    MISCALIBRATED = (
        'The calibration of the camera does not fit its pictures, so that the pose is off.',
        'Calibrate the camera, or publish the camera_info that belongs to these pictures '
        '(rectified ones have no distortion); the field camera says what it looks like.')
    DISAGREES_WITH_DEPTH = (
        'The depth image disagrees with the best pose.',
        'Check that the depth is registered to the image and in metres or millimetres.')
    DEPTH_UNIT = (
        'The depth image is in another unit than the map.',
        'Send 16UC1 in millimetres or 32FC1 in metres, and check the depth scale of the driver; '
        'or query without depth.')
    # found beside other images
    OTHER_MAP = (
        'The image fits another map than the one in use.',
        'Nothing, where it passes; a robot that has changed its place is found after '
        'map_switch_agreeing frames.')
    # found beside odometry
    DISAGREES_WITH_ODOMETRY = (
        'Odometry does not explain the pose.',
        'Nothing, where it passes; a robot that was carried is found after gate_agreeing '
        'frames. Where it stays, check odometry and the odometry_drift parameters.')
    UNCONFIRMED = (
        'The pose waits for others that agree with it.',
        'Wait for gate_agreeing frames; move slowly.')
    TRACKING_LOST = (
        'What tracks the robot between images says that it is lost.',
        'Let it find itself again; the sentence tells who says so.')
