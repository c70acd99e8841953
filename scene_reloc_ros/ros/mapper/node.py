# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``mapper``: records key frames with their poses and trains a scene map of them."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseArray
from std_msgs.msg import String

from scene_reloc_ros.files.outputs import writable_folder
from scene_reloc_ros.network.weights import encoder_path
from scene_reloc_ros.ros.bridge.camera_frame import FrameMessages, ImageMessage, InputRejection
from scene_reloc_ros.ros.bridge.camera_node import CameraNode
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_message
from scene_reloc_ros.ros.bridge.json_text import json_text
from scene_reloc_ros.ros.mapper.instant_map import InstantMap
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.pose_sources import PoseSource, TopicPoses, TransformPoses
from scene_reloc_ros.ros.mapper.recorder import Recorder
from scene_reloc_ros.ros.mapper.recording_review import RecordingReview
from scene_reloc_ros.ros.mapper.services import MapperServices
from scene_reloc_ros.ros.mapper.stored_recordings import described
from scene_reloc_ros.ros.mapper.training_client import TrainingClient
from scene_reloc_ros.ros.node.process import end, run_node
from scene_reloc_ros.ros.node.qos import LATCHED, RESULT

_TROUBLES = ('refused', 'no_image', 'failed', 'frame_failed', 'worker_died', 'images_lost')


class MapperNode(CameraNode):
    """Records while told to, trains when told to."""

    default_name = 'mapper'
    options_type = MapperNodeOptions
    diagnosis = 'mapping'
    task = 'recording'

    def __init__(self, **node_arguments: Any) -> None:
        """Create the node, unconfigured; arguments of rclpy's LifecycleNode."""
        self._last = ('idle', 'call ~/start to record')
        self._last_stamp_ns: Optional[int] = None
        self._poses: Optional[PoseSource] = None  # while configured
        self._recorder = Recorder()
        self._told_jumps = 0
        self._training = TrainingClient(self._recorder, self._announce, self.report)
        self._instant = InstantMap(lambda path: self._publish_text('map_ready', path),
                                   lambda what, error: self.guard.tell(what, error))
        self._review = RecordingReview(self, self._recorder)
        super().__init__(**node_arguments)
        recorder, training = self._recorder, self._training
        self._triggers = MapperServices(self, {
            'start': lambda: self._followed(recorder.start(self.options.folder)),
            'stop': lambda: self._followed(recorder.stop()),
            'resume': lambda: self._followed(recorder.resume(self.options)),
            'train': lambda: training.begin(self.options), 'cancel': training.cancel,
            'discard': self._discard,
            'recordings': lambda: described(self.options.folder)}, self.report)

    def _followed(self, sentence: str) -> str:
        """Let the instant map catch up with what a service has changed; return its answer."""
        self._instant.follow(self._recorder.session, self.options, at_once=True)
        return sentence

    def _discard(self) -> str:
        session = self._recorder.session
        sentence = self._recorder.discard()
        self._instant.end(None if session is None else session.map_path)
        return sentence

    def _announce(self, name: str, text: str) -> None:
        """Publish what a training tells; its map takes the place of the instant one."""
        if name == 'map_ready':
            self._instant.end(FilePath(text))
        self._publish_text(name, text)

    def on_options(self, options: MapperNodeOptions, changed: set[str]) -> None:
        """Try what names a folder or an encoder; ValueError refuses the change."""
        if 'folder' in changed:
            writable_folder(options.folder)
        if 'encoder' in changed:
            encoder_path(options.encoder)

    def uses(self) -> list[str]:
        """Return where recordings and maps go, the device, and what is waited for."""
        options = self.options
        return [f'recordings and maps go to {options.folder}',
                f'trains on device {options.device}', 'waits for ~/start']

    def configure(self) -> None:
        """Create topics."""
        self._text_publishers = {
            name: self.create_lifecycle_publisher(String, f'~/{name}', qos)
            for name, qos in {'status': RESULT, 'progress': RESULT, 'map_ready': LATCHED}.items()}
        self._keyframes = self.create_lifecycle_publisher(PoseArray, '~/keyframes', LATCHED)
        for publisher in (*self._text_publishers.values(), self._keyframes):
            self.closers.callback(self.destroy_lifecycle_publisher, publisher)
        self._shown_keyframes = 0
        self._review.configure()
        self.closers.callback(self._review.destroy)
        super().configure()
        assert self.lookup is not None  # made by the line before
        source = TransformPoses if self.options.pose_source == 'tf' else TopicPoses
        self._poses = source(self, self.lookup)
        self.closers.callback(self._poses.destroy)

    def deactivate(self) -> None:
        """Stop recording; a training goes on."""
        self._recorder.pause()

    def cleanup(self) -> None:
        """Cancel a training; free topics and thread. The recording stays on disk."""
        self._recorder.pause()
        self.state_label = 'unconfigured'
        self._training.shut_down()
        self._instant.close()
        super().cleanup()
        self._poses = None

    def handle_frame(self, messages: FrameMessages) -> None:
        """Record one image if it is a key frame, in the worker's thread."""
        camera_input, poses = self.camera_input, self._poses  # cleanup may come in between
        if not self.is_active or camera_input is None or poses is None:
            return
        answer = self._recorder.take(messages, camera_input.camera, poses, self.options)
        if answer is not None:
            if answer[0] == 'kept':
                self._instant.follow(self._recorder.session, self.options)
            self._tell(*answer, nanoseconds(messages[0].header.stamp))

    def refuse(self, message: ImageMessage, refusal: InputRejection) -> None:
        """Tell that an image is not recorded for its stamp."""
        if self.is_active and self._recorder.is_recording:
            self._tell(*self._recorder.refuse(refusal), nanoseconds(message.header.stamp))

    def _tell(self, reason: str, sentence: str, stamp_ns: int) -> None:
        self.report(reason, sentence, stamp_ns)
        if reason == 'refused':
            self.get_logger().warning(sentence, throttle_duration_sec=5.0)
        elif self._recorder.jumps > self._told_jumps:
            self.get_logger().warning(sentence)
        self._told_jumps = self._recorder.jumps

    def report(self, reason: str, sentence: str, stamp_ns: Optional[int] = None) -> None:
        """Publish ~/status, of a frame or of the node."""
        self._last, self._last_stamp_ns = (reason, sentence), stamp_ns
        self._publish_text('status', json_text(self._fields()))

    def _publish_text(self, name: str, text: str) -> None:
        """Publish a String on ~/status, ~/progress or ~/map_ready."""
        self._text_publishers[name].publish(String(data=text))

    def _fields(self) -> dict[str, Any]:
        return {'stamp_ns': self._last_stamp_ns, 'state': self._recorder.state,
                'reason': self._last[0], 'sentence': self._last[1],
                'keyframes': self._recorder.keyframes, 'recording': self._recorder.path,
                'recorded_mb': self._recorder.recorded_mb, 'thinned': self._recorder.thinned,
                'instant_map': self._instant.keyframes,
                'refusal': self._recorder.refusal if self._last[0] == 'refused' else None,
                'refusals': dict(self._recorder.refusals), 'pose_jumps': self._recorder.jumps,
                'received': self.slot.received, 'dropped': self.slot.dropped,
                'lost': self.lost, **self._review.fields()}

    @property
    def awaits_images(self) -> bool:
        """Tell whether frames are recorded."""
        return self._recorder.is_recording

    def watch(self) -> bool:
        """Say once a second how things stand."""
        if not self.is_active:
            return False
        if not super().watch():
            self._publish_text('status', json_text(self._fields()))
        self._publish_keyframes()
        self._review.watch()
        return True

    def _publish_keyframes(self) -> None:
        poses = self._recorder.poses
        if len(poses) == self._shown_keyframes:
            return
        message = PoseArray(poses=[pose_message(pose) for pose in poses])
        message.header.frame_id = self.options.map_frame
        message.header.stamp = self.get_clock().now().to_msg()
        self._keyframes.publish(message)
        self._shown_keyframes = len(poses)

    def on_clock_jump(self) -> None:
        """Forget the transforms and poses of before; a recording goes on."""
        self.get_logger().warning('time has jumped back; transforms are forgotten, a recording '
                                  'goes on with later stamps than those of the images')
        if self.lookup is not None:
            self.lookup.clear()
        if self._poses is not None:
            self._poses.clear()
        self._recorder.time_restarted()

    def diagnose(self, status: DiagnosticStatus) -> None:
        """Say how recording and training stand."""
        level = DiagnosticStatus.WARN if self._last[0] in _TROUBLES else DiagnosticStatus.OK
        status.summary(level, f'{self._recorder.state}: {self._last[1]}')
        for key, value in self._fields().items():
            status.add(key, str(value))
        self._review.warn(status)
        self.add_health(status)


def main() -> None:
    """Run the node; ``ros2 run`` begins in ``__main__``, before the imports of this file."""
    end(run_node(MapperNode))


if __name__ == '__main__':
    main()
