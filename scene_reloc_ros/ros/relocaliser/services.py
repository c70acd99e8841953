# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Services of the relocaliser: localise anew, forget the pose, load another map."""

from __future__ import annotations

from collections.abc import Sequence
import math
import threading
from typing import Any

from nav_msgs.srv import LoadMap
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from std_msgs.msg import String
from std_srvs.srv import Empty, Trigger

from scene_reloc_ros.pipeline.atlas.map_files import map_files
from scene_reloc_ros.pipeline.tracking.loss import Loss
from scene_reloc_ros.ros.bridge.camera_node import CameraNode
from scene_reloc_ros.ros.bridge.camera_topics import NodeCameras
from scene_reloc_ros.ros.node.qos import LATCHED
from scene_reloc_ros.ros.relocaliser.sight.rig_input import rig_cameras, RigInput
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.ros.relocaliser.typed.relocalise_action import RelocaliseAction


class RelocalisingNode(CameraNode):
    """What services ask of the node that they belong to."""

    swap_lock: threading.RLock  # a result of before a loss or of another map never follows it

    def __init__(self, **node_arguments: Any) -> None:
        """Create the node, unconfigured, with the parameters of the cameras that it names."""
        super().__init__(**node_arguments)
        self.rig = rig_cameras(self)

    def subscribe_cameras(self) -> NodeCameras:
        """Subscribe one camera, or those of a rig."""
        if not self.rig:
            return super().subscribe_cameras()
        return RigInput(self, self.rig, self.on_clock_jump, self.refuse)

    def forget(self) -> None:
        """Forget the pose and tell everyone."""
        raise NotImplementedError

    def search(self, seconds: float) -> None:
        """Forget the pose, and try images for so long whatever the mode."""
        raise NotImplementedError

    def lose(self, loss: Loss) -> None:
        """Give the pose up for a reason, and tell everyone."""
        raise NotImplementedError

    def load_map(self, given: str | Sequence[str]) -> None:
        """Load what ``map_files`` takes and swap it in; ValueError says why it cannot be used."""
        raise NotImplementedError


class RelocaliserServices:
    """Answers calls with the true outcome, after it is known."""

    def __init__(self, node: RelocalisingNode, state: LocalisationState) -> None:
        """Create the services.

        Args:
            node: that they belong to; its lifecycle state is respected.
            state: of its localisation, which takes requests.
        """
        self._node, self._state = node, state
        group = ReentrantCallbackGroup()
        node.create_service(Trigger, '~/relocalise', self._on_relocalise, callback_group=group)
        node.create_service(Empty, 'reinitialize_global_localization', self._on_reinitialise,
                            callback_group=group)
        node.create_service(LoadMap, '~/load_map', self._on_load_map, callback_group=group)
        self._action = RelocaliseAction(node, state, node.search)

    def _on_load_map(self, request: LoadMap.Request,
                     response: LoadMap.Response) -> LoadMap.Response:
        response.result = LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST
        try:
            map_files(request.map_url)
            response.result = LoadMap.Response.RESULT_INVALID_MAP_DATA
            self._node.load_map(request.map_url)
            response.result = LoadMap.Response.RESULT_SUCCESS
        except ValueError as error:
            self._node.get_logger().error(str(error))
        return response

    def follow_maps(self) -> None:
        """Subscribe the paths of finished maps, where one asks for it, until cleaning up."""
        node = self._node
        if node.options.map_ready_topic:
            following = node.create_subscription(
                String, node.options.map_ready_topic, self._on_map_ready, LATCHED,
                callback_group=MutuallyExclusiveCallbackGroup())
            node.closers.callback(node.destroy_subscription, following)

    def _on_map_ready(self, message: String) -> None:
        try:
            self._node.load_map(message.data)
        except ValueError as error:
            self._node.failure = str(error)
            self._node.get_logger().error(f'the finished map is not used: {error}')

    def _on_relocalise(self, request: Trigger.Request,
                       response: Trigger.Response) -> Trigger.Response:
        node = self._node
        if not node.is_active:
            response.message = f'not localised: the node is {node.state_label}; activate it'
            return response
        waiting = self._state.request()
        node.search(node.options.relocalise_timeout)
        waiting.finished.wait(node.options.relocalise_timeout)
        self._state.give_up(waiting)
        response.success = waiting.accepted
        response.message = waiting.answer(node.camera_input)
        return response

    def _on_reinitialise(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        self._node.search(math.inf)
        return response
