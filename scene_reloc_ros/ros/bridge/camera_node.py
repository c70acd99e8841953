# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle node with a camera: it works on the newest image in a thread of its own."""

from __future__ import annotations

from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus

from scene_reloc_ros.machine.process_load import ProcessLoad
from scene_reloc_ros.ros.bridge.camera_frame import ImageMessage, InputRejection
from scene_reloc_ros.ros.bridge.camera_subscriber import CameraInput
from scene_reloc_ros.ros.bridge.camera_topics import CameraTopics, NodeCameras
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.node.worker import LatestSlot, Worker

_WATCH_S = 1.0
_TRANSFORMS_S = 0.2  # between two looks at /tf while the node rests


class CameraNode(ConfiguredLifecycleNode):
    """What relocaliser and mapper share: camera, transforms, worker, and a watch over them."""

    task = ''  # what the worker does; names its thread

    def __init__(self, **node_arguments: Any) -> None:
        """Create the node, unconfigured; arguments of rclpy's LifecycleNode."""
        self.camera_input: Optional[NodeCameras] = None  # while configured
        self.lookup: Optional[TransformLookup] = None
        self.slot = LatestSlot()
        self._worker: Optional[Worker] = None  # since the first activation
        self._load = ProcessLoad()
        super().__init__(**node_arguments)

    def configure(self) -> None:
        """Subscribe; ValueError says why that is not possible."""
        self.lookup = TransformLookup(self)
        self.closers.callback(self.lookup.destroy)
        self.batches.subscription(self.lookup.subscription, _TRANSFORMS_S)
        self.slot = LatestSlot()
        self.camera_input = self.subscribe_cameras()
        self.closers.callback(self.camera_input.destroy)
        self.camera_input.subscribe_images(self.offer, self.slot.pass_by)
        self.repeat(_WATCH_S, self.watch)

    def subscribe_cameras(self) -> NodeCameras:
        """Subscribe the calibration of what the node sees with; images come later."""
        return CameraInput(self, CameraTopics.of(self.options), self.on_clock_jump, self.refuse)

    def activate(self) -> None:
        """Begin to work on images."""
        if self.camera_input is not None:
            self.camera_input.restart_silence()
        self.slot.clear()
        if self._worker is None or not self._worker.alive:
            self._worker = Worker(self.slot, self.handle_frame, self.task, self.frame_failed)
            self.closers.callback(self._worker.stop)  # pushed last, so that it ends first
            self._worker.start()

    def cleanup(self) -> None:
        """End the worker and unsubscribe."""
        super().cleanup()
        self.camera_input = self.lookup = self._worker = None

    def offer(self, messages: Any) -> None:
        """Take what ``camera_input`` hands over, in the thread of its subscription."""
        self.slot.put(messages)

    def handle_frame(self, messages: Any) -> None:
        """Work on what was offered, in the thread of the worker."""
        raise NotImplementedError

    def frame_failed(self, _: Any, error: Exception) -> None:
        """Tell that an image was lost to an error, in the thread of the worker."""
        self.guard.tell('an image', error)
        if self.is_active:
            self.report(StatusReason.FRAME_FAILED.code, 'an image could not be handled '
                        f'({type(error).__name__}: {error}); the next one is')

    def refuse(self, message: ImageMessage, refusal: InputRejection) -> None:
        """Tell that an image is not worked on at all, in the thread of its subscription."""
        if self.is_active:
            self.report(refusal.rejection.code, refusal.detail)

    def report(self, reason: str, sentence: str) -> None:
        """Publish on ~/status what keeps the node from its work."""
        raise NotImplementedError

    def on_clock_jump(self) -> None:
        """Answer time that has jumped back, as at the start of a bag loop."""
        raise NotImplementedError

    @property
    def awaits_images(self) -> bool:
        """Tell whether silence of the camera is worth a word."""
        return True

    def watch(self) -> bool:
        """Say why nothing happens, when nothing happens; tells whether it did."""
        camera_input, worker = self.camera_input, self._worker  # cleanup may come in between
        if not self.is_active or camera_input is None or worker is None:
            return False
        silence = camera_input.silence() if self.awaits_images else None
        if silence is not None:
            self.report(StatusReason.NO_IMAGE.code, silence)
            self.get_logger().warning(silence, throttle_duration_sec=10.0)
            return True
        if not worker.alive:
            self.report(StatusReason.WORKER_DIED.code, f'the {self.task} thread ended with an '
                        'error; deactivate and activate the node, and report its log')
            return True
        losses = camera_input.losses()
        if losses is not None:
            self.report(StatusReason.IMAGES_LOST.code, losses)
            self.get_logger().warning(losses, throttle_duration_sec=30.0)
        return losses is not None

    @property
    def lost(self) -> int:
        """Images that the camera took and that did not arrive, since the node is configured."""
        return self.camera_input.lost if self.camera_input is not None else 0

    def add_health(self, status: DiagnosticStatus) -> None:
        """Add to a status of /diagnostics what the process takes, and that images are lost."""
        for key, value in self._load.fields().items():
            status.add(key, str(value))
        losses = self.camera_input.losses() if self.camera_input is not None else None
        if losses is not None:
            status.summary(max(status.level, DiagnosticStatus.WARN), f'{status.message}; {losses}')
