# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``relocaliser``: camera images in, the robot's pose in the map out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
import threading
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus

from scene_reloc_ros.pipeline.atlas.map_files import map_files
from scene_reloc_ros.pipeline.tracking.loss import Loss
from scene_reloc_ros.ros.bridge.camera_frame import ImageMessage, InputRejection
from scene_reloc_ros.ros.node.process import end, run_node
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.relocaliser.frame_localisation import (
    CameraNotices,
    FrameLocaliser,
    refused_outcome,
)
from scene_reloc_ros.ros.relocaliser.initial_pose import InitialPose
from scene_reloc_ros.ros.relocaliser.map_loading import load_localiser
from scene_reloc_ros.ros.relocaliser.maps.active_map import ActiveMap, loaded_sentence
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.pose_filter import PoseFilter
from scene_reloc_ros.ros.relocaliser.publishers import RelocaliserPublishers
from scene_reloc_ros.ros.relocaliser.services import RelocaliserServices, RelocalisingNode
from scene_reloc_ros.ros.relocaliser.sight.rig_input import SightMessages
from scene_reloc_ros.ros.relocaliser.sight.sights import Sights
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.ros.relocaliser.status import figures_of, fill_diagnosis, status_fields, used
from scene_reloc_ros.ros.relocaliser.tracking import TrackingWatch
from scene_reloc_ros.ros.relocaliser.view.scene_view import SceneView

LocaliserFactory = Callable[[Any, RelocaliserOptions], FrameLocaliser]


class RelocaliserNode(RelocalisingNode):
    """Localises every image that the machine keeps up with."""

    default_name = 'relocaliser'
    options_type = RelocaliserOptions
    diagnosis = task = 'localisation'

    def __init__(self, localiser_factory: LocaliserFactory = load_localiser,
                 **node_arguments: Any) -> None:
        """Create the node, unconfigured.

        Args:
            localiser_factory: makes what localises of the path of a map, or a tuple of them.
            node_arguments: of rclpy's LifecycleNode.
        """
        self._make_localiser = localiser_factory
        self._localiser: Optional[FrameLocaliser] = None
        self.swap_lock = threading.RLock()  # a result of the old map never follows a swap
        self._state = LocalisationState()
        self._last_status: dict[str, Any] = {}
        self._notices = CameraNotices(self.get_logger)
        super().__init__(**node_arguments)
        self._gate, self._sights = PoseFilter(self.options), Sights(self)
        self._tracking = TrackingWatch(self)
        self._initial_pose = InitialPose(self)
        self._maps = ActiveMap(self, self._state)
        self._own_services = RelocaliserServices(self, self._state)

    def configure(self) -> None:
        """Load the map and create topics; ValueError where the map cannot be used."""
        if self.options.has_map:
            self.load_map(self.options.map)
        self._maps.configure()
        self._outputs = RelocaliserPublishers(self)
        self._view = SceneView(self)
        for outputs in (self._outputs, self._view):
            self.closers.callback(outputs.destroy)
        super().configure()
        self._tracking.configure()
        self._initial_pose.configure()
        self.repeat(1 / self.options.tf_rate, self._outputs.broadcast)
        self._own_services.follow_maps()

    def activate(self) -> None:
        """Begin to localise."""
        super().activate()
        self.forget()
        self._tracking.begin(self._localiser is not None)

    def deactivate(self) -> None:
        """Fall silent: no pose, no transform, not ready."""
        self._state.abort_requests('the node was deactivated')
        self.forget()
        self._tracking.end()

    def cleanup(self) -> None:
        """Free map, topics and thread."""
        self._state.abort_requests('the node was shut down')
        super().cleanup()
        self._localiser = None
        self._maps.use(None, ())

    def on_options(self, options: RelocaliserOptions, changed: set[str]) -> None:
        """Load another map at once, or unload it; ValueError refuses the change."""
        if 'map' in changed:
            self._change_map(options)
        self._gate.use(options)
        self._tracking.use(options)

    def _change_map(self, options: RelocaliserOptions) -> None:
        if not options.has_map:
            self._swap(None, (), StatusReason.MAP_UNLOADED, 'the map is unloaded; set the '
                       'parameter map or call ~/load_map')
        elif self.camera_input is None:
            map_files(options.map)
        else:
            self.load_map(options.map)

    def uses(self) -> list[str]:
        """Return map and device, and what is waited for."""
        return used(self._maps.listed, getattr(self._localiser, 'device', self.options.device),
                    self.options.map_ready_topic)

    def load_map(self, given: str | Sequence[str]) -> None:
        """Load what ``map_files`` takes and swap it in; ValueError says why it cannot be used."""
        files = map_files(given)
        localiser = self._make_localiser(files if len(files) > 1 else files[0], self.options)
        self._swap(localiser, files, StatusReason.MAP_LOADED)

    def _swap(self, localiser: Optional[FrameLocaliser], files: Sequence[Path],
              reason: StatusReason, sentence: str = '') -> None:
        with self.swap_lock:  # before what an image has shown in the new map is told
            self._localiser = localiser
            if not (goes_on := self._maps.use(localiser, files)):
                self.forget()
            sentence = sentence or loaded_sentence(self._maps.listed, goes_on)
            self.get_logger().info(sentence)
            if self.is_active:
                self._tracking.begin(localiser is not None, goes_on)
                self.report(reason.code, sentence)

    def forget(self) -> None:
        """Forget the pose and tell everyone."""
        with self.swap_lock:
            self._state.reset()
            self._gate.reset()
            self._tracking.forget()
            if self.camera_input is not None:
                self._outputs.forget_correction()
                self._outputs.publish_ready(False)
                self._view.forget(self._maps.tell())

    def search(self, seconds: float) -> None:
        """Forget the pose, and try images for so long whatever the mode."""
        self.forget()
        self._tracking.search(seconds)

    def lose(self, loss: Loss) -> None:
        """Give the pose up for a reason, and tell everyone."""
        with self.swap_lock:
            self._gate.reset()
            self._outputs.forget_correction()
            if was_ready := self._state.lose():
                self._outputs.publish_ready(False)
                self.get_logger().warning(f'lost: {loss.sentence}')
            self.report(loss.reason.code, loss.sentence, event='lost' if was_ready else None)

    def offer(self, messages: SightMessages) -> None:
        """Take an image, unless the mode or its rate makes it superfluous."""
        self._tracking.offer(messages)

    def handle_frame(self, messages: SightMessages) -> None:
        """Localise what is seen at one moment, in the worker's thread."""
        with self.swap_lock:
            localiser, epoch = self._localiser, self._tracking.epoch
            odometry = self._tracking.odometry
        outcome = self._sights.localise(messages, localiser, odometry)
        with self.swap_lock:
            if outcome and self.is_active and localiser is self._localiser:
                self._publish(self._tracking.examine(outcome, epoch))

    def _publish(self, outcome: Outcome) -> None:
        outcome, jump = self._gate.examine(self._maps.examine(outcome))
        self._state.jumps += jump
        event = self._state.record(outcome, figures_of(outcome), self.options.lost_after_frames)
        self._tracking.recorded(outcome, event)
        self._initial_pose.consider(outcome, jump or event == 'localised', self._state.ready,
                                    self._tracking.epoch)
        tf_stamp_ns = self._outputs.correct(outcome, jump) if outcome.accepted else None
        if outcome.accepted:
            self._outputs.publish_pose(outcome)
        elif event == 'lost':
            self._gate.reset()
            self._outputs.forget_correction()
        if event is not None:
            self._outputs.publish_ready(self._state.ready)
        self.report(outcome.reason, outcome.sentence, outcome, tf_stamp_ns,
                    'jump' if jump else event)
        self._tracking.compare(outcome, jump)

    def refuse(self, message: ImageMessage, refusal: InputRejection) -> None:
        """Tell that an image is not localised for its stamp; nothing else comes of it."""
        outcome = refused_outcome(message, refusal, self.options)
        with self.swap_lock:
            if self.is_active:
                self._state.refuse(outcome.reason)
                self.report(outcome.reason, outcome.sentence, outcome)

    def report(self, reason: str, sentence: str, outcome: Optional[Outcome] = None,
               tf_stamp_ns: Optional[int] = None, event: Optional[str] = None) -> None:
        """Publish ~/status, of a frame or of the node."""
        self._last_status = status_fields(self._state, self.slot, reason, sentence, outcome,
                                          self.get_clock().now().nanoseconds)
        self._last_status.update(map_to_odom_stamp_ns=tf_stamp_ns, event=event, lost=self.lost,
                                 **self._maps.fields(outcome), **self._tracking.fields(),
                                 hint=self._initial_pose.hint_fields(outcome),
                                 camera=self._notices.of(self._localiser),
                                 cameras=self._sights.cameras())
        if self._localiser is None:
            self._last_status['state'] = 'no_map'
        self._outputs.publish_status(self._last_status)
        self._view.show_scene(self._maps.tell())
        self._view.show(self._last_status, outcome)

    def on_clock_jump(self) -> None:
        """Forget what was true before time jumped back."""
        self.get_logger().warning('time has jumped back; transforms and pose are forgotten')
        if self.lookup is not None:
            self.lookup.clear()
        self._tracking.restart()
        self._initial_pose.forget_hint()
        self.forget()

    def diagnose(self, status: DiagnosticStatus) -> None:
        """Say whether the robot is localised, and if not why."""
        fill_diagnosis(status, self._state, self._last_status | self._tracking.fields())
        self.add_health(status)


def main() -> None:
    """Run the node; ``ros2 run`` begins in ``__main__``, before the imports of this file."""
    end(run_node(RelocaliserNode))


if __name__ == '__main__':
    main()
