# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""View stream: the moments of a camera or rig in their order; what is refused is joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
import time
from typing import Protocol, runtime_checkable

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.geometry.turning import turned_camera, turned_from_upright
from scene_reloc_ros.pipeline.atlas.atlas import Atlas
from scene_reloc_ros.pipeline.camera_watch import upright_localisation
from scene_reloc_ros.pipeline.localisation import Localisation, LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.sequence.joint_localiser import (
    JointLocaliser,
    PlacedQuery,
    RigImage,
)
from scene_reloc_ros.pipeline.sequence.sequence_window import SequenceWindow, WindowOptions

Odometry = Callable[[], np.ndarray | None]  # odom_from_cam (4, 4) metres, None: not known


@runtime_checkable
class ViewSource(Protocol):
    """What answers the single images of a stream and shows what it asked: a CameraWatch."""

    localiser: Localiser | Atlas
    turned: int  # quarters clockwise that the newest picture was turned by

    def trace(self, image: np.ndarray, camera: Camera,
              depth_m: np.ndarray | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of the next image, its query included."""


class ViewStream:
    """Answers moment after moment: a camera alone, a rig as one problem, refused ones joined.

    Several maps are asked image by image: joined in one of them, images would be held against no
    other.
    """

    def __init__(self, source: ViewSource, window: WindowOptions | None = None) -> None:
        """Begin without a moment.

        Args:
            source: answers single images.
            window: which moments are joined; None: none are.
        """
        self._source, self._options = source, window
        self._joint: JointLocaliser | None = None
        self._window: SequenceWindow | None = None
        self._follow()

    def _follow(self) -> None:
        """Begin anew where the source has changed its map."""
        localiser = self._source.localiser
        if self._joint is not None and self._joint.localiser is localiser:
            return
        self._joint = JointLocaliser(localiser) if isinstance(localiser, Localiser) else None
        self._window = None
        if self._joint is not None and self._options is not None:
            self._window = SequenceWindow(self._joint, self._options)

    def forget(self) -> None:
        """Forget the moments so far, as where odometry has lost track."""
        if self._window is not None:
            self._window.reset()

    def localise(self, stamp_ns: int, image: RigImage, odometry: Odometry) -> Localisation:
        """Return the Localisation of the next image of one camera.

        Args:
            stamp_ns: of the image, nanoseconds.
            image: where it is mounted does not matter.
            odometry: asked where the image is refused.
        """
        trace = self._source.trace(image.image, image.camera, image.depth_m)
        self._follow()
        alone, turn = trace.localisation, self._source.turned
        if trace.query is None or not turn:
            return self._join(stamp_ns, [PlacedQuery(trace.query)] if trace.query else [], alone,
                              odometry)
        camera, upright = turned_camera(image.camera, turn), turned_from_upright(turn)

        def turned_odometry() -> np.ndarray | None:
            odom_from_cam = odometry()
            return None if odom_from_cam is None else odom_from_cam @ invert_pose(upright)
        found = self._join(stamp_ns, [PlacedQuery(trace.query)], alone, turned_odometry)
        return found if found.joined is None else upright_localisation(found, camera)

    def localise_rig(self, stamp_ns: int, images: Sequence[RigImage],
                     odometry: Odometry) -> Localisation:
        """Return the Localisation of the first of the cameras of a rig at the next moment.

        Args:
            stamp_ns: of the moment, nanoseconds.
            images: see ``JointLocaliser.localise``; their mounts are of one frame.
            odometry: of the first camera, asked where the images are refused.

        Raises ValueError where there are several maps.
        """
        self._follow()
        if self._joint is None:
            raise ValueError('the cameras of a rig are localised in one map; set the parameter '
                             'map to one file')
        started = time.perf_counter()
        views = self._joint.views(images)
        return self._join(stamp_ns, views, self._joint.trace(views, started).localisation,
                          odometry)

    def _join(self, stamp_ns: int, views: Sequence[PlacedQuery], alone: Localisation,
              odometry: Odometry) -> Localisation:
        """Return an answer; of views that are refused that of them and those before together."""
        if alone.accepted or self._window is None or not views:
            return alone
        started, odom_from_cam = time.perf_counter(), odometry()
        if odom_from_cam is None:
            return alone
        found = self._window.join(stamp_ns, views, odom_from_cam, alone)
        return replace(found, latency_ms=alone.latency_ms + 1e3 * (time.perf_counter() - started))
