# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The camera of the newest camera_info, checked only when it changes."""

from scene_reloc_ros.ros.bridge.conversions import camera_of_message


class CameraCache:
    """Keeps the Camera of camera_info, or the sentence why there is none."""

    def __init__(self, topic):
        """Start without a camera; ``topic`` is named in the sentences."""
        self._topic = topic
        self._key = None
        self._answer = (None, f'no camera_info on {topic} yet; the driver has to publish it')

    def update(self, message):
        """Take a sensor_msgs/CameraInfo."""
        roi = message.roi
        key = (message.width, message.height, tuple(message.k), tuple(message.d),
               message.distortion_model, message.binning_x, message.binning_y,
               roi.x_offset, roi.y_offset, roi.width, roi.height)
        if repr(key) == self._key:
            return
        self._key = repr(key)  # text, because NaN is not equal to itself
        try:
            self._answer = (camera_of_message(message), None)
        except ValueError as error:
            self._answer = (None, f'camera_info on {self._topic} cannot be used: {error}')

    @property
    def camera(self):
        """Return (camera, None) or (None, sentence)."""
        return self._answer
