# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a node with a camera says when no image comes, one fails, or its worker has died."""

import threading
import time

import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from scene_reloc_ros.ros.bridge.camera_node import CameraNode
from scene_reloc_ros.ros.node.camera_options import CameraParameters

pytestmark = pytest.mark.ros
PATIENCE_S = 10.0


class FragileNode(CameraNode):
    """A node that fails at the item 'broken', and whose worker ends at 'deadly'."""

    default_name = 'fragile'
    options_type = CameraParameters
    diagnosis = 'fragility'
    task = 'breaking'

    def __init__(self, **node_arguments):
        self.handled, self.reports, self.listens = [], [], True
        super().__init__(**node_arguments)

    def handle_frame(self, messages):
        """Take an item."""
        if messages == 'broken':
            raise RuntimeError('as the test wants it')
        if messages == 'deadly':
            raise SystemExit
        self.handled.append(messages)

    def report(self, reason, sentence):
        """Keep what is said."""
        self.reports.append((reason, sentence))

    def on_clock_jump(self):
        """Nothing jumps here."""

    @property
    def awaits_images(self):
        """Tell what the test wants."""
        return self.listens


@pytest.fixture
def node():
    """Return an active node in a context of its own; nothing spins it."""
    context = rclpy.Context()
    rclpy.init(context=context)
    made = FragileNode(context=context, parameter_overrides=[
        Parameter('image_timeout', value=0.5)])
    made.start()
    assert made.is_active
    yield made
    made.cleanup()
    made.destroy_node()
    rclpy.shutdown(context=context)


def wait_for(condition):
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_put_into_the_slot_is_handled_while_all_is_well(node):
    node.slot.put('frame')
    wait_for(lambda: node.handled == ['frame'])
    assert not node.watch() and node.reports == []


def test_silence_of_the_camera_is_reported_where_images_are_awaited(node):
    wait_for(node.camera_input.silence)
    node.listens = False
    assert not node.watch()
    node.listens = True
    assert node.watch()
    reason, sentence = node.reports[-1]
    assert reason == 'no_image' and sentence.startswith('no message on /image for')


def test_an_image_that_fails_is_told_and_the_next_one_is_handled(node):
    node.listens = False
    node.slot.put('broken')
    wait_for(lambda: node.reports)
    assert node.reports == [('frame_failed', 'an image could not be handled (RuntimeError: as the '
                             'test wants it); the next one is')]
    node.slot.put('frame')
    wait_for(lambda: node.handled == ['frame'])
    assert not node.watch()


def test_a_worker_that_died_is_reported_and_made_anew_at_activation(node, monkeypatch):
    monkeypatch.setattr(threading, 'excepthook', lambda error: None)  # it is meant to die
    node.listens = False
    node.slot.put('deadly')
    wait_for(lambda: node.watch())
    assert node.reports == [('worker_died', 'the breaking thread ended with an error; deactivate '
                             'and activate the node, and report its log')]
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    node.slot.put('frame')
    wait_for(lambda: node.handled == ['frame'])


def test_an_inactive_node_watches_nothing_and_goes_on_with_the_same_worker(node):
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    time.sleep(0.6)
    assert not node.watch()
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    node.slot.put('later')
    wait_for(lambda: node.handled == ['later'])


def test_a_node_that_was_cleaned_up_can_be_started_again(node):
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert node.camera_input is None
    node.start()
    node.slot.put('again')
    wait_for(lambda: node.handled == ['again'])
