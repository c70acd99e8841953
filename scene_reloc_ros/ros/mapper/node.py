# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``mapper``: records key frames with their poses and trains a scene map of them."""

import json

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import String

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.bridge.camera_frame import CameraFrame, InputRejection
from scene_reloc_ros.ros.bridge.camera_subscriber import CameraInput
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_message
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.compat.upstream import Updater
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.pose_sources import TopicPoses, TransformPoses
from scene_reloc_ros.ros.mapper.services import MapperServices
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode, main_of
from scene_reloc_ros.ros.node.newest_slot import LatestSlot
from scene_reloc_ros.ros.node.qos import LATCHED, RESULT
from scene_reloc_ros.ros.node.worker import Worker
from scene_reloc_ros.uncertainty.rejection import Rejection


class MapperNode(ConfiguredLifecycleNode):
    """Records while told to, trains when told to."""

    default_name = 'mapper'
    options_type = MapperNodeOptions

    def __init__(self, **node_arguments):
        """Create the node, unconfigured; arguments of rclpy's LifecycleNode."""
        self._input = self._worker = self._slot = None
        self._last = ('idle', 'call ~/start to record')
        self._last_stamp_ns = None
        super().__init__(**node_arguments)
        self._sessions = MapperServices(self)
        self._diagnostics = Updater(self)
        self._diagnostics.setHardwareID('none')
        self._diagnostics.add('mapping', self._diagnose)

    def configure(self):
        """Create topics."""
        latched = {'status': RESULT, 'progress': RESULT, 'map_ready': LATCHED}
        self._text_publishers = {
            name: self.create_lifecycle_publisher(String, f'~/{name}', qos)
            for name, qos in latched.items()}
        self._keyframes = self.create_lifecycle_publisher(PoseArray, '~/keyframes', LATCHED)
        lookup = TransformLookup(self)
        source = TransformPoses if self.options.pose_source == 'tf' else TopicPoses
        self._poses = source(self, lookup)
        self._lookup = lookup
        self._slot = LatestSlot()
        self._input = CameraInput(self, self._on_clock_jump)
        self._input.subscribe_images(self._slot.put)
        self._published_keyframes = 0
        self._timer = self.create_timer(1.0, self._on_watch,
                                        callback_group=MutuallyExclusiveCallbackGroup())

    def activate(self):
        """Begin to listen."""
        self._input.restart_silence()
        self._worker = self._worker or Worker(self._slot, self._handle, 'recording')

    def deactivate(self):
        """Stop recording; a training goes on."""
        self._sessions.pause()

    def cleanup(self):
        """Cancel a training; free topics and thread. The recording stays on disk."""
        if self._input is None:
            return
        self.state_label = 'unconfigured'
        self._sessions.shut_down()
        if self._worker is not None:
            self._worker.stop()
        self.destroy_timer(self._timer)
        self._input.destroy()
        self._poses.destroy()
        self._lookup.destroy()
        for publisher in (*self._text_publishers.values(), self._keyframes):
            self.destroy_lifecycle_publisher(publisher)
        self._input = self._worker = self._slot = None

    def publish_text(self, name, text):
        """Publish a String on ~/status, ~/progress or ~/map_ready."""
        self._text_publishers[name].publish(String(data=text))

    def say(self, reason, sentence, stamp_ns=None):
        """Publish the state on ~/status."""
        self._last, self._last_stamp_ns = (reason, sentence), stamp_ns
        self.publish_text('status', json.dumps(self._fields()))

    def _fields(self):
        return {'stamp_ns': self._last_stamp_ns, 'state': self._sessions.state,
                'reason': self._last[0], 'sentence': self._last[1],
                'keyframes': self._sessions.keyframes, 'recording': self._sessions.recording_path,
                'received': self._slot.received if self._slot else 0,
                'dropped': self._slot.dropped if self._slot else 0}

    def _handle(self, messages):
        """Record one image if it is a key frame, in the worker's thread."""
        session = self._sessions.recording_session
        if session is None or not self.is_active:
            return
        stamp_ns = nanoseconds(messages[0].header.stamp)
        try:
            kept = session.offer(self._posed_image(*messages), self.options)
        except ValueError as error:
            self.say('refused', str(error), stamp_ns)
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        if kept:
            self.say('kept', f'{len(session)} key frames', stamp_ns)
        else:
            self.say('not_moved', 'the camera has not moved enough for a key frame', stamp_ns)

    def _posed_image(self, message, depth_message):
        """Read the messages and find the pose; InputRejection names what is missing."""
        frame = CameraFrame.of(message, depth_message, self._input.camera,
                               self.options.camera_frame)
        map_from_cam, sentence = self._poses.find(frame.named_frame(), frame.stamp_ns)
        if map_from_cam is None:
            raise InputRejection(Rejection.NO_CAMERA_TRANSFORM, sentence)
        return PosedImage(str(frame.stamp_ns), frame.stamp_ns, frame.image, frame.camera,
                          map_from_cam, frame.depth_m)

    def _on_watch(self):
        """Say once a second how things stand."""
        if not self.is_active:
            return
        is_recording = self._sessions.recording_session is not None
        silence = self._input.silence() if is_recording else None
        if silence is not None:
            self.say('no_image', silence)
        elif not self._worker.alive:
            self.say('worker_died', 'the recording thread ended with an error; restart the node '
                     'and report its log')
        else:
            self.publish_text('status', json.dumps(self._fields()))
        self._publish_keyframes()

    def _publish_keyframes(self):
        poses = self._sessions.poses
        if len(poses) == self._published_keyframes:
            return
        message = PoseArray(poses=[pose_message(pose) for pose in poses])
        message.header.frame_id = self.options.map_frame
        message.header.stamp = self.get_clock().now().to_msg()
        self._keyframes.publish(message)
        self._published_keyframes = len(poses)

    def _on_clock_jump(self):
        self.get_logger().warning('time has jumped back; transforms are forgotten')
        self._poses.clear()

    def _diagnose(self, status):
        if self.failure:
            status.summary(DiagnosticStatus.ERROR, self.failure)
        elif not self.is_active:
            status.summary(DiagnosticStatus.WARN, f'the node is {self.state_label}')
        else:
            troubled = self._last[0] in ('refused', 'no_image', 'failed', 'worker_died')
            level = DiagnosticStatus.WARN if troubled else DiagnosticStatus.OK
            status.summary(level, f'{self._sessions.state}: {self._last[1]}')
        for key, value in self._fields().items():
            status.add(key, str(value))
        return status


main = main_of(MapperNode)

if __name__ == '__main__':
    main()
