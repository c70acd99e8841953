# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The one net under all that ROS and threads call: what fails is told, and the node goes on.

An exception that leaves a callback ends the executor, and with it the node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import threading
import time
import traceback
from typing import Any, Optional

from rcl_interfaces.msg import SetParametersResult
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import CallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from scene_reloc_ros.ros.node.threads import sentence_of

_POLL_S = 0.005
_TOLD_AGAIN_S = 10.0  # the same failure is told this often at most
_UNREGISTERED = 'Transition is not registered'  # of rcl_lifecycle
_NOT_NOW = ('this transition is not possible in the present state of the node; '
            'ros2 lifecycle list NODE tells which are')
Callback = Callable[..., Any]


class CallbackGuard:
    """Wraps the callbacks of one node."""

    def __init__(self, node: Node) -> None:
        """Tell failures to the log of ``node``."""
        self._node = node
        self._lock = threading.Lock()
        self._told: dict[str, tuple[str, float]] = {}  # what -> (sentence, when)
        self.failures = 0  # exceptions that were kept from ending the node

    def tell(self, what: str, error: Exception) -> str:
        """Log one line, the trace at level debug; return the sentence."""
        sentence = _NOT_NOW if _UNREGISTERED in str(error) else sentence_of(error)
        now = time.monotonic()
        with self._lock:
            self.failures += 1
            before, when = self._told.get(what, ('', 0.0))
            again = before == sentence and now - when < _TOLD_AGAIN_S
            if not again:
                self._told[what] = sentence, now
        if not again:
            logger = self._node.get_logger()
            logger.error(f'{what} failed: {sentence}')
            logger.debug(''.join(traceback.format_exception(error)))
        return sentence

    def of(self, callback: Callback, what: str,
           answer: Optional[Callable[..., Any]] = None) -> Callback:
        """Return a callback that raises nothing.

        Args:
            callback: of a subscription, timer, service or parameters.
            what: it is, for the log.
            answer: gives what is returned after a failure, from the sentence and the arguments
                of the callback; None: nothing is returned.
        """
        @wraps(callback)
        def guarded(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except Exception as error:  # noqa: BLE001  # whatever a library may think of
                sentence = self.tell(what, error)
                return answer(sentence, *arguments) if answer else None
        return guarded


class GuardedCallbacks(Node):
    """Node whose callbacks are all guarded, those of rclpy and of other packages on it too."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Create the node; arguments of rclpy's Node."""
        self.guard = CallbackGuard(self)
        super().__init__(*arguments, **settings)
        for service in self.services:  # those of the lifecycle are made around create_service
            if not hasattr(service.callback, '__wrapped__'):
                service.callback = self.guard.of(
                    service.callback, f'service {service.srv_name}', _refused)

    def create_subscription(  # type: ignore[override]
            self, message_type: Any, topic: str, callback: Callback,
                            *arguments: Any, **settings: Any) -> Subscription:
        """Create a subscription; a message that fails costs that message."""
        guarded = self.guard.of(callback, f'a message on {topic}')
        return super().create_subscription(message_type, topic, guarded, *arguments, **settings)

    def create_service(  # type: ignore[override]
            self, service_type: Any, name: str, callback: Callback,
                       *arguments: Any, **settings: Any) -> Service:
        """Create a service; a call that fails is answered by no, with the sentence."""
        guarded = self.guard.of(callback, f'service {name}', _refused)
        return super().create_service(service_type, name, guarded, *arguments, **settings)

    def create_action_server(self, action_type: Any, name: str, execute: Callback,
                             group: CallbackGroup) -> ActionServer:
        """Create an action that takes every goal, and every wish to cancel one.

        Args:
            action_type: whose result has a message.
            name: of the action.
            execute: returns the result of a goal; where it fails, the goal is aborted with the
                sentence.
            group: of its callbacks.
        """
        def failed(sentence: str, goal: ServerGoalHandle) -> Any:
            if goal.is_active:
                goal.abort()
            return action_type.Result(message=sentence)
        return ActionServer(self, action_type, name,
                            self.guard.of(execute, f'action {name}', failed),
                            cancel_callback=lambda _: CancelResponse.ACCEPT,
                            callback_group=group)

    def create_timer(  # type: ignore[override]
            self, period_s: float, callback: Callback, *arguments: Any,
                     **settings: Any) -> Timer:
        """Create a timer; it goes on after a failure."""
        guarded = self.guard.of(callback, f'the timer of {period_s:g} s')
        return super().create_timer(period_s, guarded, *arguments, **settings)

    def add_on_set_parameters_callback(self, callback: Callback) -> None:
        """Check parameters; a check that fails refuses them with the sentence."""
        super().add_on_set_parameters_callback(
            self.guard.of(callback, 'setting parameters', _parameters_refused))


class GuardedExecutor(MultiThreadedExecutor):
    """Executor that a message or request which cannot even be read does not end.

    rclpy reads them outside the callbacks: a text that is no UTF-8 would end the process.
    """

    def __init__(self, threads: int, guard: CallbackGuard,
                 left_out: Callable[[Any], bool] = lambda _: False) -> None:
        """Tell failures to ``guard``; leave out what ``left_out(entity)`` says."""
        super().__init__(threads)
        self._left_out = left_out
        self._take_subscription = guard.of(  # type: ignore[method-assign]
            self._take_subscription, 'reading a message')
        self._take_service = guard.of(  # type: ignore[method-assign]
            self._take_service, 'reading a request')

    def can_execute(self, entity: Any) -> bool:
        """Tell whether something is waited for here and now."""
        return not self._left_out(entity) and super().can_execute(entity)

    def finish(self, timeout_s: float) -> None:
        """Wait for callbacks that still run, so that none works on a node that has gone."""
        deadline = time.monotonic() + timeout_s
        for future in list(self._futures):
            while not future.done() and time.monotonic() < deadline:
                time.sleep(_POLL_S)
            future.exception()  # asked for, or rclpy prints that nobody has


def _refused(sentence: str, _: Any, response: Any) -> Any:
    """Say no in a response, with the sentence where it has a place for one."""
    if hasattr(response, 'success'):
        response.success = False
    if hasattr(response, 'message'):
        response.message = sentence
    return response


def _parameters_refused(sentence: str, _: Any) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=sentence)
