# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""No exception of a callback, a message or a thread ends a node; each is told once."""

from dataclasses import dataclass
import threading
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.node.guard import GuardedExecutor
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.parameter_fields import parameter
from scene_reloc_ros.ros.node.threads import guarded_thread, sentence_of

pytestmark = pytest.mark.ros


@dataclass(frozen=True)
class BrittleOptions:
    """One parameter."""

    number: float = parameter(0.0, 'Anything.')


class BrittleNode(ConfiguredLifecycleNode):
    """A node all of whose callbacks raise what the test wants."""

    default_name = 'brittle'
    options_type = BrittleOptions
    diagnosis = 'brittleness'
    error = RuntimeError('as the test wants it')

    def __init__(self, **node_arguments):
        super().__init__(**node_arguments)
        self.calls = []
        self.create_service(Trigger, '~/break', self.fail)
        self.create_subscription(String, '~/word', self.fail, 10)
        self.create_timer(0.02, self.fail)

    def fail(self, *arguments):
        """Raise."""
        self.calls.append(arguments)
        raise self.error

    def on_options(self, options, changed):
        """Raise."""
        self.fail()


@pytest.fixture
def node(bystander):
    """Return the node, spun by an executor of its own."""
    made = BrittleNode()
    executor = GuardedExecutor(2, made.guard)
    executor.add_node(made)
    spinning = threading.Event()
    spinning.set()

    def spin():
        while spinning.is_set():
            executor.spin_once(timeout_sec=0.1)
    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    yield made
    assert thread.is_alive()
    spinning.clear()
    thread.join(5)
    executor.finish(1.0)
    executor.shutdown()
    made.destroy_node()


def test_a_service_that_raises_answers_no_with_the_sentence(node, bystander):
    answer = bystander.call(Trigger, '/brittle/break')
    assert not answer.success
    assert answer.message == ('internal error (RuntimeError: as the test wants it); report it '
                              'with the log at level debug')
    node.error = ValueError('give another folder')
    assert bystander.call(Trigger, '/brittle/break').message == 'give another folder'
    node.error = PermissionError(13, 'Permission denied', '/k')
    assert bystander.call(Trigger, '/brittle/break').message == 'Permission denied: /k'


def test_a_transition_that_is_not_possible_now_is_refused(node, bystander):
    for transition in (Transition.TRANSITION_ACTIVATE, 77):
        request = Transition(id=transition)
        assert not bystander.call(ChangeState, '/brittle/change_state', transition=request).success


def test_parameters_whose_check_raises_are_refused_and_stay(node, bystander):
    value = Parameter('number', value=1.0).to_parameter_msg()
    answer = bystander.call(SetParameters, '/brittle/set_parameters', parameters=[value])
    result = answer.results[0]
    assert not result.successful and 'as the test wants it' in result.reason
    assert node.options.number == node.get_parameter('number').value == 0.0


def test_a_message_and_a_timer_that_raise_are_called_again(node, bystander):
    words = bystander.publisher(String, '/brittle/word')
    bystander.until(lambda: sum(map(bool, node.calls)) >= 2, 'two words',
                    send=lambda: [words.publish(String(data='x')) for _ in range(2)])
    before = node.calls.count(())
    bystander.until(lambda: node.calls.count(()) > before + 3, 'the timer')


def test_what_cannot_be_read_costs_that_message(node, bystander, monkeypatch):
    words = bystander.publisher(String, '/brittle/word')
    subscription = next(one for one in node.subscriptions if one.topic_name == '/brittle/word')
    monkeypatch.setattr(subscription, 'msg_type', None)  # as a type that cannot be made
    failures = node.guard.failures
    bystander.until(lambda: node.guard.failures > failures, 'the failure',
                    send=lambda: words.publish(String(data='x')))
    monkeypatch.undo()
    bystander.until(lambda: any(node.calls), 'a word after it',
                    send=lambda: words.publish(String(data='x')))


def test_the_same_failure_is_told_once_and_its_trace_at_debug(node, capfd):
    node.get_logger().set_level(rclpy.logging.LoggingSeverity.DEBUG)
    node.error = KeyError('another one')
    begin, deadline = node.guard.failures, time.monotonic() + 10
    while node.guard.failures < begin + 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    told = capfd.readouterr().err
    assert told.count("the timer of 0.02 s failed: internal error (KeyError: 'another one')") == 1
    assert told.count('Traceback') == 1


def test_a_thread_tells_what_ended_it(caplog):
    told = []

    def fail():
        raise KeyError('k')
    for failed in (told.append, None):
        thread = guarded_thread(fail, 'breaking', failed)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert [str(error) for error in told] == ["'k'"]
    assert "the thread breaking ended: internal error (KeyError: 'k')" in caplog.text


def test_the_sentence_of_an_error_is_its_own_where_it_was_written_for_people():
    assert sentence_of(ValueError('minutes is -1')) == 'minutes is -1'
    assert sentence_of(OSError(28, 'No space left on device')) == 'No space left on device'
    assert 'UnicodeDecodeError' in sentence_of(UnicodeDecodeError('utf-8', b'x', 0, 1, 'y'))
