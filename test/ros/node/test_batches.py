# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What comes often is handled in batches while a node rests, and nothing of it is lost."""

from dataclasses import dataclass
import threading
import time

import pytest
from rclpy.serialization import deserialize_message
from std_msgs.msg import String
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.node.guard import GuardedExecutor
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode

pytestmark = pytest.mark.ros
COUNT = 40


@dataclass(frozen=True)
class NoOptions:
    """Nothing to choose."""


class RestingNode(ConfiguredLifecycleNode):
    """A node that listens, and rests when the test says so."""

    default_name = 'resting'
    options_type = NoOptions
    diagnosis = 'rest'

    def __init__(self, **node_arguments):
        super().__init__(**node_arguments)
        self.words, self.wires, self.beats, self.rests = [], [], [], True
        self.heard = self.create_subscription(String, '~/heard', self.hear, 100)
        self.seen = self.create_subscription(String, '~/seen', self.hear, 100)
        self.batches.subscription(self.heard)
        self.batches.subscription(self.seen, glance=self.wires.append)
        self.repeat(0.02, lambda: self.beats.append(threading.current_thread().name))
        self.create_service(Trigger, '~/ask', self.answer)
        self.batches.rests = lambda: self.rests

    def hear(self, message):
        """Keep a word and where it was heard."""
        self.words.append((message.data, threading.current_thread().name))
        if message.data == 'broken':
            raise ValueError('the word is broken')

    def answer(self, _, response):
        """Say yes."""
        response.success = True
        return response


class CountingExecutor(GuardedExecutor):
    """Counts how often it gathers what is waited for."""

    gathered = 0

    def get_nodes(self):
        """Count."""
        self.gathered += 1
        return super().get_nodes()


@pytest.fixture
def spun(bystander):
    """Return the node and its executor, which spins it as ``run_node`` does."""
    node = RestingNode()
    executor = CountingExecutor(3, node.guard, node.batches.holds)
    executor.add_node(node)
    node.batches.start(executor.wake)
    spinning = threading.Event()

    def spin():
        while not spinning.is_set():
            executor.spin_once(timeout_sec=0.2)
    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    yield node, executor
    node.batches.stop()
    spinning.set()
    thread.join(5)
    node.cleanup()
    executor.finish(1.0)
    executor.shutdown()
    node.destroy_node()


def say(publisher, count=COUNT):
    """Publish numbers as fast as a camera does."""
    for number in range(count):
        publisher.publish(String(data=str(number)))
        time.sleep(0.01)


@pytest.mark.parametrize('rests', [True, False])
def test_every_message_comes_once_and_in_its_order(spun, bystander, rests):
    node, _ = spun
    node.rests = rests
    publisher = bystander.publisher(String, '/resting/heard')
    bystander.until(lambda: not rests or node.beats[-3:] == ['batches'] * 3, 'rest')
    say(publisher)
    bystander.until(lambda: len(node.words) >= COUNT, 'all words')
    assert [word for word, _ in node.words] == [str(number) for number in range(COUNT)]
    if rests:
        assert {where for _, where in node.words} == {'batches'}


def test_the_executor_is_not_woken_while_the_node_rests_and_still_answers(spun, bystander):
    node, executor = spun
    publisher = bystander.publisher(String, '/resting/heard')
    bystander.until(lambda: node.beats[-5:] == ['batches'] * 5, 'rest')
    before, beats = executor.gathered, len(node.beats)
    say(publisher)
    assert executor.gathered - before < COUNT / 2
    assert len(node.beats) - beats > COUNT / 4  # the timer goes on, at half the rate of messages
    assert bystander.call(Trigger, '/resting/ask').success


def test_a_glance_gets_what_came_over_the_wire_and_a_waking_node_the_message(spun, bystander):
    node, _ = spun
    publisher = bystander.publisher(String, '/resting/seen')
    bystander.until(lambda: node.beats[-3:] == ['batches'] * 3, 'rest')
    bystander.until(lambda: node.wires, 'a glance',
                    send=lambda: publisher.publish(String(data='a word')))
    assert deserialize_message(node.wires[0], String).data == 'a word' and node.words == []
    node.rests = False
    bystander.until(lambda: 'MainThread' != node.beats[-1] != 'batches', 'an end of the rest')
    publisher.publish(String(data='another'))
    bystander.until(lambda: node.words, 'the message')
    assert node.words[0][0] == 'another' and node.words[0][1] != 'batches'


def test_a_callback_that_fails_and_one_that_is_gone_keep_nothing_else_waiting(spun, bystander):
    node, _ = spun
    publisher = bystander.publisher(String, '/resting/heard')
    bystander.until(lambda: node.beats and node.beats[-1] == 'batches', 'rest')
    node.destroy_subscription(node.seen)
    for word in ('broken', 'well'):
        publisher.publish(String(data=word))
    bystander.until(lambda: len(node.words) == 2, 'both words')
    assert node.guard.failures == 1 and not node.batches.holds(node.seen)
    assert node.batches.holds(node.heard)


def test_what_nobody_has_handed_over_stays_with_the_executor(spun, bystander):
    node, _ = spun
    own = []
    node.create_subscription(String, '~/rare', lambda _: own.append(
        threading.current_thread().name), 10)
    publisher = bystander.publisher(String, '/resting/rare')
    bystander.until(lambda: own, 'it', send=lambda: publisher.publish(String(data='x')))
    assert 'batches' not in own
