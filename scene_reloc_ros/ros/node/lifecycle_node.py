# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle node of this package: parameters, autostart, named failures, the main idiom."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
import signal
import sys
import threading
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.exceptions import InvalidParameterValueException, ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription

from scene_reloc_ros.ros.compat.upstream import Updater
from scene_reloc_ros.ros.node.parameters import NodeParameters

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

_THREADS = 6  # camera, tf, timers, and services that wait for their outcome
_SIGNAL_POLL_S = 0.2
_STOP_S = 5.0  # for callbacks that are still running


class ConfiguredLifecycleNode(LifecycleNode):
    """A lifecycle node whose options come from a dataclass; subclasses fill the hooks.

    What ``configure`` builds it also pushes onto ``closers``; cleaning up unwinds them, the
    newest first, whether the configuration succeeded or ended half-way.
    """

    default_name = ''  # of the node, where nothing renames it
    options_type: type  # frozen dataclass of parameter fields
    diagnosis = ''  # what /diagnostics calls the node's task

    def __init__(self, **node_arguments: Any) -> None:
        """Declare the parameters; ValueError where values given to the node are refused."""
        self.closers = ExitStack()
        super().__init__(self.default_name, **node_arguments)
        self._declared = NodeParameters(self, self.options_type, self.on_options)
        self.failure = ''
        self.state_label = 'unconfigured'
        self._diagnostics = Updater(self)
        self._diagnostics.setHardwareID('none')
        self._diagnostics.add(self.diagnosis, self._diagnose)

    def create_subscription(self, *arguments: Any, **settings: Any) -> Subscription:
        """Create a subscription without rclpy's default QoS event handlers.

        One of them can stay ready for ever without being run (rclpy 7.1): the executor then
        turns without rest and timers get a fifth of their rate. A topic that stays silent, for
        its QoS or otherwise, is named in ~/status instead.
        """
        settings.setdefault('event_callbacks',
                            SubscriptionEventCallbacks(use_default_callbacks=False))
        return super().create_subscription(*arguments, **settings)

    def create_publisher(self, *arguments: Any, **settings: Any) -> Publisher:
        """Create a publisher without rclpy's default QoS event handlers, as above."""
        settings.setdefault('event_callbacks',
                            PublisherEventCallbacks(use_default_callbacks=False))
        return super().create_publisher(*arguments, **settings)

    def repeat(self, period_s: float, callback: Callable[[], Any]) -> None:
        """Call ``callback`` every ``period_s`` until the node is cleaned up."""
        timer = self.create_timer(period_s, callback,
                                  callback_group=MutuallyExclusiveCallbackGroup())
        self.closers.callback(self.destroy_timer, timer)

    @property
    def options(self) -> Any:
        """The present options."""
        return self._declared.options

    @property
    def is_active(self) -> bool:
        """Tell whether the node is active."""
        return self.state_label == 'active'

    def start(self) -> None:
        """Configure and activate, as ``autostart`` asks for."""
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build what the node needs; what a failure leaves is freed."""
        with ExitStack() as on_failure:
            on_failure.callback(self.cleanup)
            result = self._transition(self.configure, super().on_configure, state, 'inactive')
            if result == TransitionCallbackReturn.SUCCESS:
                on_failure.pop_all()
            return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work; publishers speak first, so that the hook can use them."""
        super().on_activate(state)
        return self._transition(self.activate, None, state, 'active')

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall silent."""
        return self._transition(self.deactivate, super().on_deactivate, state, 'inactive')

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free what ``configure`` built."""
        return self._transition(self.cleanup, super().on_cleanup, state, 'unconfigured')

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall silent and free everything."""
        return self._transition(self.cleanup, super().on_shutdown, state, 'finalized')

    def on_options(self, options: Any, changed: set[str]) -> None:
        """Answer a change of parameters; the default has nothing to do."""

    def configure(self) -> None:
        """Build what the node needs; ValueError says why it cannot."""

    def activate(self) -> None:
        """Begin to work."""

    def deactivate(self) -> None:
        """Fall silent."""

    def cleanup(self) -> None:
        """Free what ``configure`` built; also called at shutdown, from any state."""
        self.state_label = 'unconfigured'  # first, so that nothing speaks while it is freed
        self.closers.close()

    def diagnose(self, status: DiagnosticStatus) -> None:
        """Fill a status of /diagnostics; a failure and an inactive node are said over it."""
        status.summary(DiagnosticStatus.OK, self.state_label)

    def _diagnose(self, status: DiagnosticStatus) -> DiagnosticStatus:
        self.diagnose(status)
        if self.failure:
            status.summary(DiagnosticStatus.ERROR, self.failure)
        elif not self.is_active:
            status.summary(DiagnosticStatus.WARN, f'the node is {self.state_label}')
        return status

    def _transition(self, hook: Callable[[], None], base: Optional[Callable],
                    state: LifecycleState, label: str) -> TransitionCallbackReturn:
        """Run a hook; the base class drops exceptions silently, so they are logged here."""
        try:
            hook()
        except ValueError as error:
            self.failure = str(error)
            self.get_logger().error(self.failure)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.failure = f'internal error: {error!r}'
            self.get_logger().fatal(self.failure)
            raise
        self.failure, self.state_label = '', label
        return base(state) if base else TransitionCallbackReturn.SUCCESS


def run_node(node_class: type[ConfiguredLifecycleNode],
             arguments: Optional[list[str]] = None) -> int:
    """Run a node until SIGINT or SIGTERM; returns the exit code.

    The signals are handled here and not by rclpy, because rclpy's handlers invalidate the
    context first: the node could then neither say its last word nor free its topics.
    """
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        node = node_class()
    except (ValueError, ParameterException, InvalidParameterValueException) as error:
        rclpy.logging.get_logger(node_class.default_name).fatal(str(error))
        rclpy.try_shutdown()
        return 2
    executor = MultiThreadedExecutor(_THREADS)
    executor.add_node(node)
    try:
        if node.options.autostart:
            node.start()
        while not stop.is_set():
            executor.spin_once(timeout_sec=_SIGNAL_POLL_S)
    except ExternalShutdownException:
        return 0
    finally:
        node.cleanup()
        executor.shutdown(timeout_sec=_STOP_S)
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def main_of(node_class: type[ConfiguredLifecycleNode]) -> Callable[[], None]:
    """Return the entry point of a node class."""
    def main() -> None:
        """Run the node."""
        sys.exit(run_node(node_class))
    return main
