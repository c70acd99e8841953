# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Posed frames in coordinates near the place: a map far from its frame's origin is made of these.

Single precision holds 7 digits: in UTM or Earth-centred coordinates half a metre is lost.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import shifted_pose
from scene_reloc_ros.mapping.hold_out import pose_and_name, PosedFrames, stamp_ns
from scene_reloc_ros.mapping.scene_map import Origin

GRID_M = 100.0  # between origins; a place nearer to that of the map frame than half of it has none


def local_origin(positions: np.ndarray) -> Origin:
    """Return the origin of coordinates near positions (F, 3) in the map frame, metres."""
    x, y, z = (GRID_M * np.round(np.median(positions, axis=0) / GRID_M) + 0.0).tolist()
    return x, y, z


class LocalFrames:
    """Frames whose poses are seen from ``origin``; nothing else is changed."""

    def __init__(self, frames: PosedFrames, origin: Origin) -> None:
        """Keep both; nothing is read."""
        self._frames, self.origin = frames, origin

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._frames)

    def __getitem__(self, index: int) -> PosedImage:
        """Decode one frame."""
        frame = self._frames[index]
        return replace(frame, map_from_cam=self._seen(frame.map_from_cam))

    def map_from_cam(self, index: int) -> np.ndarray | None:
        """Return the pose (4, 4) of one frame seen from the origin, None where it has none."""
        return self._seen(pose_and_name(self._frames, index)[0])

    def stamp_ns(self, index: int) -> int:
        """Return the stamp of one frame, nanoseconds."""
        return stamp_ns(self._frames, index)

    @cached_property
    def names(self) -> list[str]:
        """Frame names, a list of str."""
        return [pose_and_name(self._frames, index)[1] for index in range(len(self))]

    def _seen(self, map_from_cam: np.ndarray | None) -> np.ndarray | None:
        if map_from_cam is None or not any(self.origin):
            return map_from_cam
        return shifted_pose(map_from_cam, -np.asarray(self.origin))
