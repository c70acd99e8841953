# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Choice of key frames: those that have moved enough, of which there is a good picture."""

from __future__ import annotations

from collections import deque
import math
import statistics
from typing import Optional

import numpy as np

from scene_reloc_ros.datasets.even_thinning import novelty_among, superfluous_views
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.network.preprocessing import working_frame
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.uncertainty.image_quality import (
    directed_sharpness,
    exposure_rejection,
    image_quality,
)
from scene_reloc_ros.uncertainty.rejection import Rejection

_RECENT = 15  # pictures that a new one is compared with, count
_FEWEST = 5  # of them that tell what is usual, count
_SPARED = 0.05  # of the key frames of a full recording, that go at a time
_FULL = 0.9  # of its bound, from which on a recording takes new views only
_LEAST_BOUND = 10  # key frames that a recording has to have room for, count
_MB = 1_000_000


class KeyFrameSelection:
    """Choice of key frames: moved far enough, or turned enough, and late enough."""

    def __init__(self) -> None:
        """Begin without a key frame; the first frame is always wanted."""
        self._stamp_ns = 0
        self._map_from_cam: Optional[np.ndarray] = None

    def wants(self, stamp_ns: int, map_from_cam: np.ndarray, options: MapperNodeOptions) -> bool:
        """Tell whether a frame has moved or turned enough, and enough time has passed.

        Args:
            stamp_ns: of the frame.
            map_from_cam: (4, 4).
            options: of the node.
        """
        if self._map_from_cam is None:
            return True
        if 0 <= stamp_ns - self._stamp_ns < options.key_frame_interval * 1e9:
            return False
        moved_m, turned_deg = pose_errors(
            np.asarray(map_from_cam, np.float64), self._map_from_cam)
        return bool(moved_m >= options.key_frame_translation
                    or turned_deg >= options.key_frame_rotation)

    def keep(self, stamp_ns: int, map_from_cam: np.ndarray) -> None:
        """Take a frame as the last key frame."""
        self._stamp_ns = stamp_ns
        self._map_from_cam = np.asarray(map_from_cam, np.float64)


class PictureCheck:
    """Refusal of pictures that show too little: by exposure, and by blur against those before.

    A place that shows little fine detail is no blur: after a few pictures of it, it is usual.
    """

    def __init__(self) -> None:
        """Begin without a picture."""
        self._sharpness: deque[float] = deque(maxlen=_RECENT)

    def refuse_poor(self, frame: PosedImage, options: MapperNodeOptions) -> None:
        """Raise InputRejection where the picture of a frame is not worth keeping."""
        if not (options.check_exposure or options.blur_limit):
            return
        grey = working_frame(frame)[0]
        quality = image_quality(grey)
        exposure = exposure_rejection(quality)
        if exposure is not None:
            if options.check_exposure:
                raise InputRejection(exposure, (
                    f'the picture shows too little to map: its mean is '
                    f'{100 * quality.brightness:.0f} % of white, '
                    f'{100 * quality.saturated:.0f} % of it is white; see to light and exposure'))
            return
        sharpness = directed_sharpness(grey)
        usual = (statistics.median(self._sharpness) if len(self._sharpness) >= _FEWEST
                 else sharpness)
        self._sharpness.append(sharpness)
        if sharpness < options.blur_limit * usual:
            raise InputRejection(Rejection.TOO_BLURRED, (
                f'the picture is blurred: its sharpness is {sharpness:.3f}, that of those before '
                f'{usual:.3f}; drive or turn more slowly, or shorten the exposure'))


class RecordingBound:
    """What a recording has room for: at its bound, key frames that others are near to go."""

    def __init__(self) -> None:
        """Begin with room."""
        self._spacing = 0.0  # of the key frames, novelty; what is nearer is there already
        self.thinned = 0  # key frames that went, count

    def takes(self, map_from_cam: np.ndarray, poses: list[np.ndarray], most: float) -> bool:
        """Tell whether a view is worth a key frame, where the room gets scarce.

        Args:
            map_from_cam: (4, 4) of the view.
            poses: (4, 4) each, of the key frames.
            most: key frames that there is room for, count.
        """
        if not self._spacing or len(poses) < _FULL * most:
            return True
        return novelty_among(map_from_cam, np.stack(poses)) > self._spacing

    def superfluous(self, poses: list[np.ndarray], most: float) -> list[int]:
        """Return the numbers of the key frames that have to go before another one comes."""
        if len(poses) < most:
            return []
        count = len(poses) - min(int(most) - 1, math.floor((1 - _SPARED) * most))
        numbers, self._spacing = superfluous_views(np.stack(poses), count)
        self.thinned += len(numbers)
        return numbers


def room_for(count: int, size_bytes: int, options: MapperNodeOptions) -> float:
    """Return how many key frames a recording may have, infinite without a bound.

    Args:
        count: key frames that it has.
        size_bytes: that these take.
        options: of the node.

    Raises ValueError where that is too few for a map.
    """
    most = float(options.max_frames or math.inf)
    if options.max_disk_mb and count:
        # one less, for a key frame may be larger than those before
        most = min(most, options.max_disk_mb * _MB * count // max(1, size_bytes) - 1)
    if most < _LEAST_BOUND:
        raise ValueError(
            f'max_frames {options.max_frames} and max_disk_mb {options.max_disk_mb:g} leave room '
            f'for {max(0, int(most))} key frames of {size_bytes / max(1, count) / _MB:.1f} MB, '
            f'too few for a map; raise them, or set them to 0')
    return most
