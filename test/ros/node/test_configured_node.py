# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a configuration builds is freed again, in reverse order, whatever happened to it."""

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from std_msgs.msg import String

from scene_reloc_ros.ros.compat.diagnostic_updater import DiagnosticStatusWrapper
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.parameter_fields import parameter

pytestmark = pytest.mark.ros


@dataclass(frozen=True)
class SmallOptions:
    """One parameter."""

    fails: bool = parameter(False, 'End the configuration half-way.')


class SmallNode(ConfiguredLifecycleNode):
    """A node that builds two things and a timer."""

    default_name = 'small'
    options_type = SmallOptions
    diagnosis = 'smallness'

    def __init__(self, **node_arguments):
        self.freed = []
        super().__init__(**node_arguments)

    def configure(self):
        """Build; the second thing may not come."""
        self.closers.callback(self.freed.append, 'first')
        self.repeat(10.0, lambda: None)
        if self.options.fails:
            raise ValueError('the second thing is missing')
        publisher = self.create_lifecycle_publisher(String, '~/word', 1)
        self.closers.callback(self.destroy_lifecycle_publisher, publisher)
        self.closers.callback(self.freed.append, 'second')


@pytest.fixture
def node():
    """Return a node in a context of its own; nothing spins it."""
    context = rclpy.Context()
    rclpy.init(context=context)
    made = SmallNode(context=context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)


def diagnosis_of(node):
    """Return what the node says on /diagnostics."""
    return node._diagnose(DiagnosticStatusWrapper())


def test_what_was_built_last_is_freed_first_and_once(node):
    timers = len(list(node.timers))
    for _ in range(2):
        node.freed.clear()
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert len(list(node.timers)) == timers + 1
        assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
        assert node.freed == ['second', 'first']
        assert len(list(node.timers)) == timers
        node.cleanup()
        assert node.freed == ['second', 'first']


def test_a_configuration_that_fails_leaves_nothing_behind(node):
    node.set_parameters([rclpy.parameter.Parameter('fails', value=True)])
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert node.freed == ['first'] and node.state_label == 'unconfigured'
    status = diagnosis_of(node)
    assert (status.level, status.message) == (DiagnosticStatus.ERROR,
                                              'the second thing is missing')
    node.set_parameters([rclpy.parameter.Parameter('fails', value=False)])
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS


def test_the_diagnosis_names_the_state_until_the_node_is_active(node):
    assert diagnosis_of(node).message == 'the node is unconfigured'
    node.start()
    status = diagnosis_of(node)
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'active')
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert diagnosis_of(node).message == 'the node is inactive'
