# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``relocaliser``: camera images in, the robot's pose in the map out."""

import threading

from nav_msgs.srv import LoadMap
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from std_msgs.msg import String
from std_srvs.srv import Empty, Trigger

from scene_reloc_ros.ros.bridge.camera_subscriber import CameraInput
from scene_reloc_ros.ros.bridge.transform_lookup import TransformLookup
from scene_reloc_ros.ros.compat.upstream import Updater
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode, main_of
from scene_reloc_ros.ros.node.newest_slot import LatestSlot
from scene_reloc_ros.ros.node.qos import LATCHED
from scene_reloc_ros.ros.node.worker import Worker
from scene_reloc_ros.ros.relocaliser.frame_localisation import localise_frame
from scene_reloc_ros.ros.relocaliser.map_loading import load_localiser, map_path
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import StatusReason
from scene_reloc_ros.ros.relocaliser.pose_filter import PoseFilter
from scene_reloc_ros.ros.relocaliser.publishers import RelocaliserPublishers
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.ros.relocaliser.status import figures_of, fill_diagnosis, status_fields


class RelocaliserNode(ConfiguredLifecycleNode):
    """Localises every image that the machine keeps up with."""

    default_name = 'relocaliser'
    options_type = RelocaliserOptions

    def __init__(self, localiser_factory=load_localiser, **node_arguments):
        """Create the node, unconfigured.

        Args:
            localiser_factory: (path, options) -> object with ``localise(image, camera, depth_m)``
                and ``depth_unavailable()``, as the core's Localiser.
            node_arguments: of rclpy's LifecycleNode.
        """
        self._input = self._worker = self._slot = None
        self._localiser, self._map_path, self._gate = None, '', None
        self._swap_lock = threading.RLock()  # a result of the old map never follows a swap
        self._last_status = {}
        super().__init__(**node_arguments)
        self._make_localiser = localiser_factory
        self._state = LocalisationState()
        self._gate = PoseFilter(self.options)
        self._diagnostics = Updater(self)
        self._diagnostics.setHardwareID('none')
        self._diagnostics.add('localisation', self._diagnose)
        self._create_services()

    def _create_services(self):
        group = ReentrantCallbackGroup()
        self.create_service(Trigger, '~/relocalise', self._on_relocalise, callback_group=group)
        self.create_service(Empty, 'reinitialize_global_localization', self._on_reinitialise,
                            callback_group=group)
        self.create_service(LoadMap, '~/load_map', self._on_load_map, callback_group=group)

    def configure(self):
        """Load the map and create topics; ValueError where the map cannot be used."""
        if self.options.map:
            self.load_map(self.options.map)
        self._outputs = RelocaliserPublishers(self)
        self._lookup = TransformLookup(self)
        self._input = CameraInput(self, self._on_clock_jump)
        self._slot = LatestSlot()
        self._input.subscribe_images(self._slot.put)
        self._own_timers = [
            self.create_timer(1 / self.options.tf_rate, self._outputs.broadcast,
                              callback_group=MutuallyExclusiveCallbackGroup()),
            self.create_timer(1.0, self._on_watch,
                              callback_group=MutuallyExclusiveCallbackGroup())]
        if self.options.map_ready_topic:
            self._input.extra.append(self.create_subscription(
                String, self.options.map_ready_topic, self._on_map_ready, LATCHED,
                callback_group=MutuallyExclusiveCallbackGroup()))

    def activate(self):
        """Begin to localise."""
        self._input.restart_silence()
        self._slot.clear()
        self._worker = self._worker or Worker(self._slot, self._handle, 'localisation')
        self._forget()

    def deactivate(self):
        """Fall silent: no pose, no transform, not ready."""
        self._state.abort_requests('the node was deactivated')
        self._forget()

    def cleanup(self):
        """Free map, topics and thread."""
        self._state.abort_requests('the node was shut down')
        if self._input is None:
            return
        self.state_label = 'unconfigured'
        if self._worker is not None:
            self._worker.stop()
        for timer in self._own_timers:
            self.destroy_timer(timer)
        self._input.destroy()
        self._lookup.destroy()
        self._outputs.destroy()
        self._input = self._worker = self._slot = None
        self._localiser, self._map_path = None, ''

    def on_options(self, options, changed):
        """Load another map at once; ValueError refuses the change."""
        self._gate.use(options)
        if 'map' in changed and options.map and self._input is not None:
            self.load_map(options.map)

    def load_map(self, text):
        """Load a map and swap it in; ValueError says why it cannot be used."""
        path = map_path(text)
        localiser = self._make_localiser(path, self.options)
        with self._swap_lock:
            self._localiser, self._map_path = localiser, str(path)
            self._forget()
        self.get_logger().info(f'map {path} is loaded')
        refusal = localiser.depth_unavailable() if self.options.use_depth else None
        if refusal is not None:
            self.get_logger().warning(f'depth is not used: {refusal}')
        if self.is_active:
            self._publish_status(StatusReason.MAP_LOADED.code,
                                 f'map {path} is loaded; the pose is forgotten')

    def _forget(self):
        """Forget the pose and tell everyone."""
        with self._swap_lock:
            self._state.reset()
            self._gate.reset()
            if self._input is not None:
                self._outputs.forget_correction()
                self._outputs.publish_ready(False)

    def _handle(self, messages):
        """Localise one image, in the worker's thread."""
        with self._swap_lock:
            localiser = self._localiser
        outcome = localise_frame(
            messages, self._input.camera, localiser, self._lookup, self.options,
            self.get_clock().now().nanoseconds)
        with self._swap_lock:
            if self.is_active and localiser is self._localiser:
                self._publish(outcome)

    def _publish(self, outcome):
        outcome, jump = self._gate.examine(outcome)
        self._state.jumps += jump
        event = self._state.record(outcome, figures_of(outcome), self.options.lost_after_frames)
        tf_stamp_ns = None
        if outcome.accepted:
            tf_stamp_ns = self._outputs.correct(outcome, jump)
            self._outputs.publish_pose(outcome)
            self._outputs.publish_inliers(outcome)
        elif event == 'lost':
            self._gate.reset()
            self._outputs.forget_correction()
        if event is not None:
            self._outputs.publish_ready(self._state.ready)
        self._publish_status(outcome.reason, outcome.sentence, outcome, tf_stamp_ns,
                             'jump' if jump else event)

    def _publish_status(self, reason, sentence, outcome=None, tf_stamp_ns=None, event=None):
        self._last_status = status_fields(
            self._state, self._slot, reason, sentence, outcome,
            self.get_clock().now().nanoseconds)
        self._last_status.update(map_to_odom_stamp_ns=tf_stamp_ns, map=self._map_path,
                                 event=event)
        if self._localiser is None:
            self._last_status['state'] = 'no_map'
        self._outputs.publish_status(self._last_status)

    def _on_watch(self):
        """Say once a second why nothing happens, when nothing happens."""
        if not self.is_active:
            return
        silence = self._input.silence()
        if silence is not None:
            self._publish_status(StatusReason.NO_IMAGE.code, silence)
            self.get_logger().warning(silence, throttle_duration_sec=10.0)
        elif not self._worker.alive:
            self._publish_status(StatusReason.WORKER_DIED.code, 'the localisation thread ended '
                                 'with an error; restart the node and report its log')

    def _on_clock_jump(self):
        self.get_logger().warning('time has jumped back; transforms and pose are forgotten')
        self._lookup.clear()
        self._forget()

    def _on_map_ready(self, message):
        try:
            self.load_map(message.data)
        except ValueError as error:
            self.failure = str(error)
            self.get_logger().error(f'the finished map is not used: {error}')

    def _on_load_map(self, request, response):
        try:
            map_path(request.map_url)
        except ValueError as error:
            self.get_logger().error(str(error))
            response.result = LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST
            return response
        try:
            self.load_map(request.map_url)
            response.result = LoadMap.Response.RESULT_SUCCESS
        except ValueError as error:
            self.get_logger().error(str(error))
            response.result = LoadMap.Response.RESULT_INVALID_MAP_DATA
        return response

    def _on_relocalise(self, request, response):
        """Answer with the true outcome, after it is known."""
        if not self.is_active:
            response.message = f'not localised: the node is {self.state_label}; activate it'
            return response
        waiting = self._state.request()
        self._forget()
        waiting.finished.wait(self.options.relocalise_timeout)
        self._state.give_up(waiting)
        response.success = waiting.accepted
        response.message = waiting.outcome
        if waiting.tries == 0 and self._input is not None:
            response.message += f' ({self._input.silence() or "wait for the next image"})'
        return response

    def _on_reinitialise(self, request, response):
        self._forget()
        return response

    def _diagnose(self, status):
        return fill_diagnosis(status, self, self._state.ready, self._last_status)


main = main_of(RelocaliserNode)

if __name__ == '__main__':
    main()
