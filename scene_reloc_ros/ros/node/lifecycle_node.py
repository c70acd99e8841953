# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle node of this package: parameters, autostart, named failures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from scene_reloc_ros.ros.compat.upstream import Updater
from scene_reloc_ros.ros.node.batches import Batches
from scene_reloc_ros.ros.node.guard import GuardedCallbacks
from scene_reloc_ros.ros.node.parameters import NodeParameters

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks
_OF_EVERY_NODE = {'/clock', '/parameter_events'}
_SERVICES_OF_EVERY_NODE = {
    'change_state', 'get_state', 'get_available_states', 'get_available_transitions',
    'get_transition_graph', 'describe_parameters', 'get_parameter_types', 'get_parameters',
    'list_parameters', 'set_parameters', 'set_parameters_atomically', 'get_type_description',
    'get_logger_levels', 'set_logger_levels'}


class ConfiguredLifecycleNode(GuardedCallbacks, LifecycleNode):
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
        self.batches = Batches(self.guard)  # of what comes often
        self._declared = NodeParameters(self, self.options_type, self.on_options)
        self.failure = ''
        self.state_label = 'unconfigured'
        self._diagnostics = Updater(self)
        self._diagnostics.node_name = self.diagnostic_name
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
        self.batches.timer(timer)
        self.closers.callback(self.destroy_timer, timer)

    @property
    def options(self) -> Any:
        """The present options."""
        return self._declared.options

    @property
    def is_active(self) -> bool:
        """Tell whether the node is active."""
        return self.state_label == 'active'

    @property
    def diagnostic_name(self) -> str:
        """Return what /diagnostics calls the node: two robots may share that topic."""
        return self.get_fully_qualified_name().lstrip('/')

    def begin(self) -> None:
        """Start where ``autostart`` asks for it, else say what is waited for."""
        if self.options.autostart:
            self.start()
        else:
            self.get_logger().info(
                'not configured, as autostart is false; waits for: ros2 lifecycle set '
                f'{self.get_fully_qualified_name()} configure, then activate')

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
        result = self._transition(self.activate, None, state, 'active')
        if result == TransitionCallbackReturn.SUCCESS:
            self.get_logger().info(f'active: {self.connections()}')
        else:
            super().on_deactivate(state)
        return result

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

    def connections(self) -> str:
        """One line on what the node listens to, answers and uses, and what it waits for."""
        topics = sorted({one.topic_name for one in self.subscriptions} - _OF_EVERY_NODE)
        own = f'{self.get_fully_qualified_name()}/'
        named = (self.resolve_service_name(one.srv_name) for one in self.services)
        services = sorted(name for name in named
                          if name.removeprefix(own) not in _SERVICES_OF_EVERY_NODE)
        return '; '.join(part for part in (
            f'listens to {", ".join(topics)}' if topics else '',
            f'answers {", ".join(services)}' if services else '', *self.uses()) if part)

    def uses(self) -> list[str]:
        """Return what else is worth knowing at the start: map, device, what is waited for."""
        return []

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
        """Run a hook; one that raises is told and fails, and the node stays as it was."""
        try:
            hook()
        except Exception as error:  # noqa: BLE001  # the base class would drop it silently
            self.failure = self.guard.tell(f'the transition to {label}', error)
            return TransitionCallbackReturn.FAILURE
        self.failure, self.state_label = '', label
        return base(state) if base else TransitionCallbackReturn.SUCCESS
