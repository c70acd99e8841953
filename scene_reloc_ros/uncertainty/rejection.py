# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reasons why there is no pose: their codes and their sentences for people."""

import enum


class Rejection(enum.Enum):
    """Why an image gave no pose; the value is the sentence for people."""

    TOO_FEW_CELLS = 'The image is too small or too empty to be localised.'
    NO_CONSENSUS = 'No pose explains the image; this place may not be in the map.'
    AMBIGUOUS = 'Two different poses explain the image equally well.'
    UNDETERMINED = 'The points that agree do not fix all of the pose.'
    TOO_FEW_INLIERS = 'Too few of the image points agree with the best pose.'
    CONCENTRATED = 'The points that agree lie too close together to fix the pose.'
    OUTSIDE_MAP = 'The best pose lies outside the mapped space.'
    UNCERTAIN = 'The best pose is not known as exactly as is asked for.'
    DISAGREES_WITH_DEPTH = 'The depth image disagrees with the best pose.'
    TOO_DARK = 'The image is too dark or too flat to show the place.'
    TOO_BRIGHT = 'The image is overexposed; most of it is white.'
    TOO_BLURRED = 'The image is blurred more than the mapping frames.'
    DISAGREES_WITH_ODOMETRY = 'Odometry does not explain the pose.'
    UNCONFIRMED = 'The pose waits for others that agree with it.'
    STALE_STAMP = 'The image is too old; check clocks and the load of the machine.'
    FUTURE_STAMP = 'The image is stamped in the future; check clocks and use_sim_time.'
    WRONG_CAMERA = 'The camera sees the place at a scale that the map was not made for.'

    @property
    def sentence(self) -> str:
        """Return the sentence for people."""
        return self.value
