# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Camera frames: what the messages of one image say, read and judged once for all nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, TypeAlias

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.bridge.images import depth_beside, image_of_message, refuse_other_size
from scene_reloc_ros.uncertainty.rejection import Rejection

ImageMessage: TypeAlias = Image | CompressedImage
FrameMessages = tuple[ImageMessage, Optional[Image]]  # an image, and its depth or None
CameraAnswer = tuple[Optional[Camera], Optional[str]]  # (camera, None) or (None, sentence)


class InputRejection(ValueError):
    """Inputs that give no pose: the reason, and the sentence that says what is wrong here."""

    def __init__(self, rejection: Rejection, detail: str) -> None:
        """Keep both; ``detail`` is the text of the exception."""
        super().__init__(detail)
        self.rejection = rejection
        self.detail = detail


@dataclass(frozen=True)
class CameraFrame:
    """An image with its camera, stamp and frame, and its depth where there is one."""

    image: np.ndarray  # (H, W, 3) uint8 BGR or (H, W) uint8 grey
    camera: Camera
    stamp_ns: int
    frame_id: str  # optical frame of the camera; empty where nobody names it
    depth_m: Optional[np.ndarray] = None  # (H, W) float32 metres, 0 where unknown

    @classmethod
    def of(cls, message: ImageMessage, depth_message: Optional[Image], camera: CameraAnswer,
           frame_id: str = '') -> CameraFrame:
        """Read the messages of one image; InputRejection names what cannot be used.

        Args:
            message: the image.
            depth_message: its depth, or None.
            camera: of the newest camera_info.
            frame_id: optical frame; empty: as in the header of the image.
        """
        stamp_ns = nanoseconds(message.header.stamp)
        if stamp_ns <= 0:
            said = 'zero' if stamp_ns == 0 else f'{stamp_ns * 1e-9:.3f} s'
            raise InputRejection(Rejection.ZERO_STAMP, f'the stamp of the image is {said}; the '
                                 'camera driver has to stamp its images')
        found, sentence = camera
        if found is None:
            raise InputRejection(Rejection.BAD_CAMERA_INFO, sentence or 'no camera_info yet')
        try:
            image = image_of_message(message)
            refuse_other_size(image, found)
        except ValueError as error:
            raise InputRejection(Rejection.BAD_IMAGE, str(error)) from error
        return cls(image, found, stamp_ns, frame_id or message.header.frame_id,
                   _depth(depth_message, message, found))

    def named_frame(self) -> str:
        """Return the optical frame; InputRejection where the image names none."""
        if not self.frame_id:
            raise InputRejection(Rejection.NO_CAMERA_FRAME, 'the image has no frame_id; set the '
                                 'parameter camera_frame')
        return self.frame_id

    def refuse_unlikely_stamp(self, now_ns: int, oldest_s: float, farthest_s: float) -> None:
        """Raise InputRejection where the stamp cannot be right.

        Args:
            now_ns: when the work on the frame begins.
            oldest_s: largest age; 0: any.
            farthest_s: farthest that it may be stamped ahead of the clock; 0: any.
        """
        age_s = (now_ns - self.stamp_ns) * 1e-9
        if oldest_s and age_s > oldest_s:
            raise InputRejection(Rejection.STALE_STAMP, (
                f'{Rejection.STALE_STAMP.sentence} Here it is {age_s:.1f} s old, stamp_age_limit '
                f'is {oldest_s:.1f} s; for a recording that is played set use_sim_time.'))
        if farthest_s and -age_s > farthest_s:
            raise InputRejection(Rejection.FUTURE_STAMP, (
                f'{Rejection.FUTURE_STAMP.sentence} Here it is {-age_s:.1f} s ahead, '
                f'stamp_future_limit is {farthest_s:.1f} s.'))


def _depth(message: Optional[Image], image_message: ImageMessage,
           camera: Camera) -> Optional[np.ndarray]:
    if message is None:
        return None
    try:
        return depth_beside(message, image_message, camera)
    except ValueError as error:
        raise InputRejection(
            Rejection.BAD_DEPTH, f'{error}; or set use_depth to false') from error
