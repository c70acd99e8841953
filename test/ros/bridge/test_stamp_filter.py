# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Messages with wrong stamps: refused by name, and nothing else comes of them."""

import pytest
from sensor_msgs.msg import Image

from scene_reloc_ros.ros.bridge.stamp_filter import StampFilter

pytestmark = pytest.mark.ros
SECOND = 1_000_000_000
DAY_S = 86_400.0


class Filtered:
    """A filter, and what became of the messages."""

    def __init__(self, node):
        self.begin = node.get_clock().now().nanoseconds
        self.passed, self.refused, self.restarts = [], [], 0
        self.filter = StampFilter(
            node, lambda message, why: self.refused.append((why.rejection.code, why.detail)),
            self.restart)
        self.filter.registerCallback(lambda message, *tags: self.passed.append(tags), 'tag')

    def restart(self):
        """Count."""
        self.restarts += 1

    def send(self, *seconds):
        """Deliver images with stamps so many seconds from now."""
        for offset in seconds:
            message = Image()
            stamp_ns = 0 if offset is None else self.begin + round(offset * SECOND)
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, SECOND)
            self.filter.take(message)


@pytest.fixture
def filtered(node):
    """Return a filter that has passed two messages on."""
    filtered = Filtered(node)
    filtered.send(0.0, 0.03)
    assert filtered.passed == [('tag',), ('tag',)]
    return filtered


@pytest.mark.parametrize('offset, code, said', [
    (DAY_S, 'future_stamp', '86400.0 s ahead of the one before it'),
    (-DAY_S, 'stale_stamp', '86400.030 s older than one before it'),
    (-1.0, 'stale_stamp', '1.030 s older than one before it')])
def test_a_wrong_stamp_is_refused_and_named_and_the_next_is_passed_on(
        filtered, offset, code, said):
    filtered.send(offset, 0.06)
    assert len(filtered.passed) == 3 and filtered.restarts == 0
    (found, sentence), = filtered.refused
    assert found == code and said in sentence


def test_what_bears_no_stamp_is_left_to_others(filtered):
    filtered.send(None, 0.06)
    assert len(filtered.passed) == 4 and not filtered.refused


def test_several_that_went_back_are_a_restart(filtered):
    filtered.send(-60.0, -59.97, -59.94, -59.91)
    assert (len(filtered.passed), len(filtered.refused), filtered.restarts) == (4, 2, 1)


def test_after_a_reset_all_times_are_good(filtered):
    filtered.filter.reset()
    filtered.send(-60.0, -59.97)
    assert len(filtered.passed) == 4 and not filtered.refused and not filtered.restarts


def test_a_filter_that_is_disconnected_calls_nobody(filtered):
    filtered.filter.disconnect()
    filtered.send(0.06)
    assert len(filtered.passed) == 2


def test_the_first_message_of_all_may_be_the_wrong_one(node):
    filtered = Filtered(node)
    filtered.send(DAY_S, 0.0, 0.03)
    assert len(filtered.passed) == 2 and filtered.restarts == 0
    assert filtered.refused[0][0] == 'future_stamp'
    assert 'far ahead of the clock' in filtered.refused[0][1]
