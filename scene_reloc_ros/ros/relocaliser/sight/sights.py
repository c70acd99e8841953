# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From the messages of a moment to its outcome: of one camera or a rig, joined where refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.pipeline.sequence.joint_localiser import RigImage
from scene_reloc_ros.pipeline.sequence.sequence_window import WindowOptions
from scene_reloc_ros.pipeline.sequence.view_stream import ViewSource, ViewStream
from scene_reloc_ros.ros.bridge.camera_frame import CameraFrame, InputRejection
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.relocaliser.frame_localisation import (
    FrameLocaliser,
    outcome_of,
    refused_outcome,
)
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.pose_filter import gate_options
from scene_reloc_ros.ros.relocaliser.services import RelocalisingNode
from scene_reloc_ros.ros.relocaliser.sight.rig_input import (
    CameraMessages,
    RigInput,
    RigMessages,
    SightMessages,
)
from scene_reloc_ros.uncertainty.rejection import Rejection

_PATIENT = 10  # of so many moments one waits for a transform that did not come the last time


@dataclass(frozen=True)
class SeenFrame:
    """What one camera sees, and where it sits."""

    frame: CameraFrame
    base_from_cam: Optional[np.ndarray]  # (4, 4) metres, None where nothing needs it

    def of_rig(self) -> RigImage:
        """Return it for the core; a camera alone may sit anywhere."""
        return RigImage(self.frame.image, self.frame.camera, np.eye(4)
                        if self.base_from_cam is None else self.base_from_cam, self.frame.depth_m)


class Sights:
    """Localises moment after moment, in one thread; remembers what was refused."""

    def __init__(self, node: RelocalisingNode) -> None:
        """Localise for ``node``."""
        self._node = node
        self._stream: Optional[ViewStream] = None
        self._made_of: tuple[Optional[FrameLocaliser], Optional[WindowOptions]] = None, None
        self._odometry: Optional[int] = None
        self._faults: dict[str, str] = {}  # of the newest image of a camera of a rig
        self._told: dict[str, Optional[str]] = {}
        self._missing: dict[str, int] = {}  # moments since a transform was waited for in vain

    def localise(self, messages: SightMessages, localiser: Optional[FrameLocaliser],
                 odometry: Optional[int]) -> Optional[Outcome]:
        """Return the Outcome of a moment, None where the node was cleaned up meanwhile.

        Args:
            messages: of one camera, or of those of a rig.
            localiser: None without a map.
            odometry: number of the stretch in which it is whole: only moments of one are joined;
                None: it is not to be believed now.
        """
        camera_input, lookup = self._node.camera_input, self._node.lookup
        if camera_input is None or lookup is None:
            return None
        options: RelocaliserOptions = self._node.options
        views = messages.views if isinstance(messages, RigMessages) else (
            CameraMessages('', messages, camera_input.camera, options.camera_frame),)
        try:
            if localiser is None:
                raise InputRejection(Rejection.NO_MAP, 'no map is loaded; set the parameter map '
                                     'or call ~/load_map')
            seen = self._seen(views, localiser, lookup)
            found = self._found(seen, localiser, lookup, odometry)
            return outcome_of(seen[0].frame, found, seen[0].base_from_cam, lookup, options)
        except InputRejection as error:
            return refused_outcome(views[0].messages[0], error, options)

    def cameras(self) -> Optional[dict[str, Optional[str]]]:
        """Return {name: what keeps a camera of a rig from being used, or None}; None: no rig."""
        camera_input = self._node.camera_input
        if not isinstance(camera_input, RigInput):
            return None
        told = {name: absence or self._faults.get(name)
                for name, absence in camera_input.absences().items()}
        for name, sentence in told.items():
            if sentence and not self._told.get(name):
                self._node.get_logger().warning(f'camera {name} is not used: {sentence}')
        self._told = told
        return told

    def _seen(self, views: tuple[CameraMessages, ...], localiser: FrameLocaliser,
              lookup: TransformLookup) -> list[SeenFrame]:
        """Return what can be used of a moment, of a rig without the cameras that cannot."""
        seen, faults = [], {}
        for view in views:
            try:
                seen.append(self._seen_by(view, localiser, lookup))
                self._faults.pop(view.name, None)
            except InputRejection as error:
                faults[view.name], self._faults[view.name] = error, error.detail
        if seen:
            return seen
        first = faults[views[0].name]
        if not views[0].name:
            raise first
        raise InputRejection(first.rejection, '; '.join(
            f'camera {name}: {error.detail}' for name, error in faults.items()))

    def _seen_by(self, view: CameraMessages, localiser: FrameLocaliser,
                 lookup: TransformLookup) -> SeenFrame:
        """Read the messages of a camera; a map without depth cannot use that of the camera."""
        options, (message, depth_message) = self._node.options, view.messages
        if depth_message is not None and localiser.depth_unavailable() is not None:
            depth_message = None
        frame = CameraFrame.of(message, depth_message, view.camera, view.frame,
                               options.depth_range)
        frame.refuse_unlikely_stamp(self._node.get_clock().now().nanoseconds,
                                    options.stamp_age_limit, options.stamp_future_limit)
        if options.tf_mode == 'map_to_camera' and options.pose_of == 'camera' and not view.name:
            return SeenFrame(frame, None)
        base_from_cam, sentence = self._found_transform(
            lookup, (options.base_frame, frame.named_frame()), frame.stamp_ns, bool(view.name))
        if base_from_cam is None:
            raise InputRejection(Rejection.NO_CAMERA_TRANSFORM, sentence or '')
        return SeenFrame(frame, base_from_cam)

    def _found_transform(self, lookup: TransformLookup, frames: tuple[str, str], stamp_ns: int,
                         impatient: bool) -> tuple[Optional[np.ndarray], Optional[str]]:
        """Look a transform up; one that others can do without is waited for now and then only."""
        key, wait_s = ' '.join(frames), self._node.options.tf_wait
        since = self._missing.get(key, 0)
        if impatient and since % _PATIENT:
            wait_s = 0.0
        found, sentence = lookup.find(*frames, stamp_ns, wait_s)
        self._missing[key] = 0 if found is not None else since + 1
        return found, sentence

    def _found(self, seen: list[SeenFrame], localiser: FrameLocaliser, lookup: TransformLookup,
               odometry: Optional[int]) -> Localisation:
        """Return where the first camera is, by all that is seen and was seen before."""
        first, stream = seen[0], self._stream_of(localiser, odometry)
        stamp_ns = first.frame.stamp_ns

        def odom_from_first() -> Optional[np.ndarray]:
            if odometry is None or first.base_from_cam is None:
                return None
            options = self._node.options
            odom_from_base, _ = self._found_transform(
                lookup, (options.odom_frame, options.base_frame), stamp_ns, True)
            return None if odom_from_base is None else odom_from_base @ first.base_from_cam
        try:
            if stream is None:
                return localiser.localise(first.frame.image, first.frame.camera,
                                          first.frame.depth_m)
            if self._node.rig:
                return stream.localise_rig(stamp_ns, [each.of_rig() for each in seen],
                                           odom_from_first)
            return stream.localise(stamp_ns, first.of_rig(), odom_from_first)
        except (ValueError, RuntimeError) as error:
            raise InputRejection(
                Rejection.LOCALISER_FAILED, f'the localiser failed: {error}') from error

    def _stream_of(self, localiser: FrameLocaliser,
                   odometry: Optional[int]) -> Optional[ViewStream]:
        """Return what joins the images of a localiser, None where it answers single ones only."""
        made_of = localiser, _window_options(self._node.options)
        if self._made_of[0] is not localiser or self._made_of != made_of:
            self._made_of = made_of
            self._stream = (ViewStream(localiser, made_of[1])
                            if isinstance(localiser, ViewSource) else None)
        if self._stream is not None and odometry != self._odometry:
            self._stream.forget()
        self._odometry = odometry
        return self._stream


def _window_options(options: RelocaliserOptions) -> Optional[WindowOptions]:
    """Return which moments are joined, None where none are."""
    if not options.sequence_seconds or options.tf_mode != 'map_to_odom':
        return None
    return WindowOptions(options.sequence_seconds, options.sequence_frames,
                         odometry=gate_options(options))
