# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Transforms before the buffer: wrong stamps and nonsense stay outside, gaps are known."""

import math

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from rclpy.time import Time

from scene_reloc_ros.ros.bridge.conversions import (
    pose_of_transform,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.bridge.transform_guard import TransformGuard
from scene_reloc_ros.ros.compat.upstream import Buffer, TransformException
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.uncertainty.pose_plausibility import PoseDoubt

pytestmark = pytest.mark.ros
SECOND = 1_000_000_000
DAY = 86_400 * SECOND


class Guarded:
    """A buffer behind a guard, fed with odometry of a robot that drives at 1 m/s."""

    def __init__(self, node):
        self.begin = node.get_clock().now().nanoseconds
        self.buffer = Buffer()
        self.guard = TransformGuard(self.buffer, node)
        self.guard.set_transform_static(
            transform_message(np.eye(4), 'base_link', 'camera', 0), 'test')

    def send(self, seconds, stamp_ns=None, **quaternion):
        """Send where the robot is after some seconds; its stamp or quaternion may be wrong."""
        transform = transform_message(pose_of_rpy((seconds, 0, 0), (0, 0, 0)), 'odom',
                                      'base_link', self.begin)
        transform.header.stamp = stamp_message(0)
        stamp_ns = self.begin + round(seconds * SECOND) if stamp_ns is None else stamp_ns
        transform.header.stamp.sec, transform.header.stamp.nanosec = divmod(stamp_ns, SECOND)
        for name, value in quaternion.items():
            setattr(transform.transform.rotation, name, value)
        self.guard.set_transform(transform, 'test')

    def where(self, seconds):
        """Return x of the robot after some seconds, None where it is not known."""
        try:
            found = self.buffer.lookup_transform(
                'odom', 'camera', Time(nanoseconds=self.begin + round(seconds * SECOND)))
        except TransformException:
            return None
        return float(pose_of_transform(found.transform)[0, 3])

    def doubt(self, seconds, longest_gap_s=1.0):
        """Return why what is known after some seconds is not believed, None where it is."""
        found = self.guard.doubt(
            'odom', 'camera', self.begin + round(seconds * SECOND), longest_gap_s)
        return None if found is None else (found.doubt, found.detail)


@pytest.fixture
def guarded(node):
    """Return one that has heard of two seconds."""
    guarded = Guarded(node)
    for tenths in range(21):
        guarded.send(tenths / 10)
    return guarded


@pytest.mark.parametrize('wrong_ns', [DAY, -DAY, 20 * SECOND, 365 * DAY])
def test_one_wrong_stamp_spoils_one_transform(guarded, wrong_ns):
    guarded.send(9.0, guarded.begin + wrong_ns)
    for seconds in (0.05, 1.0, 1.95):
        assert guarded.where(seconds) == pytest.approx(seconds)
    for tenths in (21, 22):
        guarded.send(tenths / 10)
    assert guarded.where(2.15) == pytest.approx(2.15) and guarded.doubt(2.15) is None
    assert guarded.where(0.05) == pytest.approx(0.05)


@pytest.mark.parametrize('stamp_ns', [-5 * SECOND, -1])
def test_a_stamp_before_time_began_is_no_error(guarded, stamp_ns):
    guarded.send(2.1, stamp_ns)
    assert guarded.where(1.0) == pytest.approx(1.0)


def test_several_stamps_that_went_back_are_the_present_and_the_past_is_forgotten(node):
    guarded = Guarded(node)
    guarded.begin -= 10 * DAY  # a bag: nothing to do with the clock
    for tenths in range(600):
        guarded.send(tenths / 10)
    for tenths in range(5):
        guarded.send(tenths / 10)
    assert guarded.where(0.35) == pytest.approx(0.35) and guarded.where(59.5) is None
    assert guarded.doubt(0.35) is None


@pytest.mark.parametrize('wrong', [{'w': 0.0}, {'w': math.nan}, {'x': math.inf}])
def test_beside_a_transform_that_is_none_nothing_is_believed(guarded, wrong):
    guarded.send(2.1, **wrong)
    guarded.send(2.2)
    assert guarded.where(2.15) is not None  # the buffer interpolates, whatever was lost
    reason, sentence = guarded.doubt(2.15)
    assert reason is PoseDoubt.POSE_IMPOSSIBLE
    assert 'a transform from odom to base_link cannot be used' in sentence
    assert guarded.doubt(2.2) is None and guarded.doubt(1.95) is None


def test_a_robot_farther_than_any_place_is_nowhere(guarded):
    guarded.send(4e27, guarded.begin + 2_100_000_000)
    guarded.send(2.2)
    assert guarded.where(2.15) == pytest.approx(2.15)
    assert guarded.doubt(2.15)[0] is PoseDoubt.POSE_IMPOSSIBLE


def test_nothing_is_believed_in_the_middle_of_a_gap(guarded):
    guarded.send(4.5)
    reason, sentence = guarded.doubt(3.0)
    assert reason is PoseDoubt.POSE_GAP
    assert 'from odom to base_link' in sentence and '2.50 s apart' in sentence
    assert guarded.doubt(3.0, 2.6) is None and guarded.doubt(3.0, 0.0) is None
    assert guarded.doubt(4.5) is None and guarded.doubt(1.55) is None
    assert guarded.guard.doubt('base_link', 'camera', guarded.begin, 1.0) is None


def test_a_clear_forgets_what_moves_and_takes_any_stamp(guarded):
    guarded.guard.clear()
    assert guarded.where(1.0) is None
    guarded.begin -= DAY
    guarded.send(0.0)
    guarded.send(0.1)
    assert guarded.where(0.05) == pytest.approx(0.05)


FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=300, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-2 ** 31, 2 ** 31 - 1), st.integers(0, 2 ** 32 - 1),
                          st.lists(FLOATS, min_size=7, max_size=7)), max_size=6))
def test_whatever_is_sent_nothing_raises_and_what_was_right_stays(guarded, garbage):
    for seconds, nanoseconds, values in garbage:
        transform = transform_message(np.eye(4), 'odom', 'base_link', 0)
        transform.header.stamp.sec, transform.header.stamp.nanosec = seconds, nanoseconds
        t, q = transform.transform.translation, transform.transform.rotation
        t.x, t.y, t.z, q.x, q.y, q.z, q.w = values
        guarded.guard.set_transform(transform, 'test')
        guarded.send(2.1)
    assert guarded.where(1.05) == pytest.approx(1.05)
    assert guarded.guard.doubt('odom', 'base_link', 0, 1.0) is None or garbage
