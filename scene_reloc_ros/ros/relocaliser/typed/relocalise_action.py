# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The action that finds the robot anew: as ~/relocalise, with feedback, pose and cancelling."""

from __future__ import annotations

from collections.abc import Callable
import math
import threading
import time

from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup

from scene_reloc_ros.ros.bridge.camera_node import CameraNode
from scene_reloc_ros.ros.bridge.conversions import nanoseconds
from scene_reloc_ros.ros.compat.scene_reloc_messages import Relocalise
from scene_reloc_ros.ros.relocaliser.publishers import stamped_pose
from scene_reloc_ros.ros.relocaliser.state import LocalisationState, RelocaliseRequest

_POLL_S = 0.05  # for tries and for a wish to cancel


class RelocaliseAction:
    """Serves ~/relocalise_action, one goal at a time."""

    def __init__(self, node: CameraNode, state: LocalisationState,
                 search: Callable[[float], None]) -> None:
        """Serve it on ``node``, where the type is installed.

        Args:
            node: whose lifecycle state is respected.
            state: of its localisation, which takes requests.
            search: forgets the pose, and tries images for so many seconds whatever the mode.
        """
        self._node, self._state, self._search_for = node, state, search
        self._one = threading.Lock()
        if Relocalise is not None:
            node.create_action_server(Relocalise, '~/relocalise_action', self._on_goal,
                                      ReentrantCallbackGroup())

    def _on_goal(self, goal: ServerGoalHandle) -> Relocalise.Result:
        """Answer a goal, with its outcome or with the sentence why there is none."""
        seconds = nanoseconds(goal.request.timeout) * 1e-9
        if not self._node.is_active:
            return _refused(goal, f'the node is {self._node.state_label}; activate it')
        if seconds < 0:
            return _refused(goal, f'timeout is {seconds:g} s; give a time to try, or 0 for '
                            'relocalise_timeout')
        if not self._one.acquire(blocking=False):
            return _refused(goal, 'another goal is being worked on; wait for it, or cancel it')
        try:
            return self._search(goal, seconds or self._node.options.relocalise_timeout)
        finally:
            self._one.release()

    def _search(self, goal: ServerGoalHandle, seconds: float) -> Relocalise.Result:
        waiting = self._state.request()
        self._search_for(seconds)
        until_s, told = time.monotonic() + seconds, 0
        while not (waiting.finished.wait(_POLL_S) or goal.is_cancel_requested
                   or time.monotonic() >= until_s):
            told = _tell(goal, waiting, told)
        _tell(goal, waiting, told)
        self._state.give_up(waiting)
        return self._result(goal, waiting)

    def _result(self, goal: ServerGoalHandle, waiting: RelocaliseRequest) -> Relocalise.Result:
        """End a goal and return its result."""
        node = self._node
        result = Relocalise.Result(success=waiting.accepted, tries=waiting.tries,
                                   message=waiting.answer(node.camera_input))
        if waiting.accepted and waiting.best is not None:
            result.pose = stamped_pose(waiting.best, node.options)
            goal.succeed()
        elif goal.is_cancel_requested:
            result.message = f'cancelled; {result.message}'
            if not self._state.awaited:
                self._search_for(0.0)
            goal.canceled()
        else:
            goal.abort()
        return result


def _refused(goal: ServerGoalHandle, sentence: str) -> Relocalise.Result:
    goal.abort()
    return Relocalise.Result(message=f'not localised: {sentence}')


def _tell(goal: ServerGoalHandle, waiting: RelocaliseRequest, told: int) -> int:
    """Give feedback where there was another try; returns how many were told."""
    tries, best = waiting.tries, waiting.best
    if tries == told or best is None:
        return told
    found = best.localisation
    goal.publish_feedback(Relocalise.Feedback(
        tries=tries, best_reason=best.reason, best_sentence=best.sentence,
        best_probability=math.nan if found is None else float(found.probability)))
    return tries
