# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The cameras of a rig: each subscribed as one camera is, their images gathered by instants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
import math
import threading
import time
from typing import Any, Optional

from scene_reloc_ros.ros.bridge.camera_frame import (
    CameraAnswer,
    FrameMessages,
    ImageMessage,
    InputRejection,
)
from scene_reloc_ros.ros.bridge.camera_subscriber import CameraInput
from scene_reloc_ros.ros.bridge.camera_topics import CameraTopics
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.parameters import NodeParameters
from scene_reloc_ros.ros.relocaliser.sight.instants import Instants
from scene_reloc_ros.ros.relocaliser.sight.options import RigCameraParameters, SightParameters
from scene_reloc_ros.uncertainty.rejection import Rejection

_RESTART_S = 2.0  # within which all cameras hear of the same restart


@dataclass(frozen=True)
class CameraMessages:
    """What one camera of a rig says at an instant."""

    name: str
    messages: FrameMessages
    camera: CameraAnswer
    frame: str = ''  # optical frame; empty: as in the header of the image


@dataclass(frozen=True)
class RigMessages:
    """What the cameras of a rig say at one instant, at least one of them, in their order."""

    views: tuple[CameraMessages, ...]


SightMessages = FrameMessages | RigMessages  # of one camera, or of a rig


def rig_cameras(node: ConfiguredLifecycleNode) -> dict[str, RigCameraParameters]:
    """Declare the parameters of the cameras that the options of a node name; {name: values}."""
    return {name: NodeParameters(node, RigCameraParameters, prefix=f'{name}.').options
            for name in node.options.rig}


def topics_of(name: str, camera: RigCameraParameters, options: SightParameters) -> CameraTopics:
    """Return what a camera of a rig publishes."""
    image = camera.image_topic or f'{name}/image_raw'
    beside, _, _ = image.rpartition('/')
    camera_info = camera.camera_info_topic or (
        f'{beside}/camera_info' if '/' in image else 'camera_info')
    return CameraTopics.of(options, image, camera_info, camera.depth_topic)


class RigInput:
    """Subscribes cameras and hands their images over by instants, see ``NodeCameras``."""

    def __init__(self, node: ConfiguredLifecycleNode, cameras: Mapping[str, RigCameraParameters],
                 on_restart: Callable[[], None],
                 on_refused: Callable[[ImageMessage, InputRejection], None]) -> None:
        """Subscribe the calibrations.

        Args:
            node: whose options are SightParameters.
            cameras: {name: what it publishes}, the first one speaks for the rig.
            on_restart, on_refused: see ``CameraInput``.
        """
        self._node, self._cameras = node, cameras
        self._on_restart, self._on_refused = on_restart, on_refused
        self._restarted_s = -math.inf
        self._lock = threading.Lock()
        self._instants: Instants[CameraMessages] = Instants(
            tuple(cameras), node.options.camera_slop)
        self._callback: Callable[[Any], None] = lambda _: None
        self._inputs = {
            name: CameraInput(node, topics_of(name, camera, node.options), self._restart,
                              on_refused) for name, camera in cameras.items()}

    @property
    def camera(self) -> CameraAnswer:
        """Return (camera, None) or (None, sentence) of the first camera."""
        return next(iter(self._inputs.values())).camera

    @property
    def lost(self) -> int:
        """Return how many images were taken and did not arrive, of all cameras."""
        return sum(each.lost for each in self._inputs.values())

    @property
    def silent_s(self) -> float:
        """Return for how long no image of any camera has come, in seconds."""
        return min(each.silent_s for each in self._inputs.values())

    def subscribe_images(self, callback: Callable[[Any], None],
                         passed: Callable[[], None]) -> None:
        """Call ``callback(RigMessages)`` for every instant while the node is active.

        Where the node rests ``passed()`` is called for every image instead.
        """
        self._callback = callback
        for name, each in self._inputs.items():
            each.subscribe_images(partial(self._take, name), passed)

    def _take(self, name: str, messages: FrameMessages) -> None:
        """Add an image to its instant, and hand over what is complete."""
        stamp_ns = nanoseconds(messages[0].header.stamp)
        if stamp_ns <= 0:
            self._on_refused(messages[0], InputRejection(
                Rejection.ZERO_STAMP, f'camera {name}: the stamp of its image is zero; its driver '
                'has to stamp its images'))
            return
        view = CameraMessages(name, messages, self._inputs[name].camera, self._cameras[name].frame)
        with self._lock:
            complete = self._instants.take(name, stamp_ns, time.monotonic(), view)
        for instant in complete:
            self._callback(RigMessages(tuple(instant.values())))

    def _restart(self) -> None:
        """Answer time that has gone back; all cameras tell it, and once is enough."""
        with self._lock:
            before_s, self._restarted_s = self._restarted_s, time.monotonic()
            if self._restarted_s - before_s < _RESTART_S:
                return
            self._instants.reset()
        self._on_restart()

    def restart_silence(self) -> None:
        """Count silence from now on, as when the node is activated."""
        for each in self._inputs.values():
            each.restart_silence()

    def silence(self) -> Optional[str]:
        """Return a sentence when all cameras have been silent for too long."""
        told = [each.silence() for each in self._inputs.values()]
        return '; '.join(sentence or '' for sentence in told) if all(told) else None

    def losses(self) -> Optional[str]:
        """Return a sentence when many of the newest images of a camera did not arrive."""
        return '; '.join(filter(None, (each.losses() for each in self._inputs.values()))) or None

    def absences(self) -> dict[str, Optional[str]]:
        """Return {name: why no image of a camera has been used for too long, or None}."""
        return {name: each.silence() or self._lateness(name)
                for name, each in self._inputs.items()}

    def _lateness(self, name: str) -> Optional[str]:
        """Return a sentence where all images of a camera come too late for their instant."""
        with self._lock:
            taken_s, late_s = self._instants.taken_s[name], self._instants.late_s[name]
        options = self._node.options
        if late_s <= options.camera_slop or time.monotonic() - taken_s < options.image_timeout:
            return None
        return (f'the images of {name} are stamped {late_s:.2f} s before those that other cameras '
                'have sent by then; check the clocks, or raise camera_slop')

    def destroy(self) -> None:
        """Unsubscribe."""
        for each in self._inputs.values():
            each.destroy()
