# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fallback of tf2_ros: interpolation, refusals with a sentence, static frames, clock jumps."""

import math

import numpy as np
import pytest
from rclpy.duration import Duration
from rclpy.time import Time

from scene_reloc_ros.ros.bridge.conversions import pose_of_transform, transform_message
from scene_reloc_ros.ros.compat import tf2_ros as fallback
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

SECOND = 1_000_000_000
CAMERA = pose_of_rpy((0.2, 0.0, 0.3), (-math.pi / 2, 0.0, -math.pi / 2))


def robot(seconds):
    """Return where the robot is at a time: straight on while it turns at 1 rad/s."""
    return pose_of_rpy((2.0 * seconds, 0.0, 0.0), (0.0, 0.0, seconds))


def filled(module):
    """Return a buffer with odometry of ten seconds and a camera on the robot."""
    buffer = module.Buffer()
    buffer.set_transform_static(
        transform_message(CAMERA, 'base_link', 'camera', 0), 'test')
    for tenths in range(0, 91):
        buffer.set_transform(transform_message(
            robot(tenths / 10), 'odom', 'base_link', SECOND + tenths * SECOND // 10), 'test')
    buffer.set_transform_static(transform_message(np.eye(4), 'earth', 'moon', 0), 'test')
    return buffer


@pytest.fixture(params=['fallback', 'upstream'])
def tf(request):
    """Return the fallback, and upstream's tf2_ros where it is installed."""
    if request.param == 'fallback':
        return fallback
    return pytest.importorskip('tf2_ros', reason='tf2_ros of a ROS 2 installation is not here')


def lookup(buffer, target, source, stamp_ns):
    """Return target_from_source as a pose."""
    return pose_of_transform(
        buffer.lookup_transform(target, source, Time(nanoseconds=stamp_ns)).transform)


def test_a_pose_between_two_samples_is_interpolated(tf):
    pose = lookup(filled(tf), 'odom', 'base_link', SECOND + 4_250_000_000)
    np.testing.assert_allclose(pose, robot(4.25), atol=1e-9)


def test_chains_pass_static_and_moving_frames_in_both_directions(tf):
    buffer, stamp_ns = filled(tf), SECOND + 3 * SECOND
    expected = robot(3.0) @ CAMERA
    np.testing.assert_allclose(lookup(buffer, 'odom', 'camera', stamp_ns), expected, atol=1e-9)
    np.testing.assert_allclose(
        lookup(buffer, 'camera', 'odom', stamp_ns), np.linalg.inv(expected), atol=1e-9)


def test_a_static_frame_answers_every_stamp(tf):
    np.testing.assert_allclose(
        lookup(filled(tf), 'base_link', 'camera', 77 * SECOND), CAMERA, atol=1e-9)


def test_stamp_zero_is_the_newest_common_one(tf):
    np.testing.assert_allclose(lookup(filled(tf), 'odom', 'camera', 0), robot(9.0) @ CAMERA,
                               atol=1e-9)


@pytest.mark.parametrize('stamp_ns', [SECOND // 2, 11 * SECOND])
def test_a_stamp_outside_the_samples_is_refused(tf, stamp_ns):
    with pytest.raises(tf.ExtrapolationException):
        lookup(filled(tf), 'odom', 'base_link', stamp_ns)


def test_unknown_and_unconnected_frames_are_refused(tf):
    buffer = filled(tf)
    with pytest.raises(tf.LookupException):
        lookup(buffer, 'odom', 'nowhere', 5 * SECOND)
    with pytest.raises(tf.ConnectivityException):
        lookup(buffer, 'odom', 'moon', 5 * SECOND)
    assert not buffer.can_transform('odom', 'moon', Time(nanoseconds=5 * SECOND))


def test_after_a_clock_jump_only_the_static_frames_are_left(tf):
    buffer = filled(tf)
    buffer.clear()
    np.testing.assert_allclose(lookup(buffer, 'base_link', 'camera', SECOND), CAMERA, atol=1e-9)
    with pytest.raises(tf.TransformException):
        lookup(buffer, 'odom', 'base_link', 5 * SECOND)


def test_samples_older_than_ten_seconds_are_forgotten(tf):
    """They expire by the newest sample before the one that comes, which is seen by the next."""
    buffer = filled(tf)
    for stamp_ns in (15 * SECOND, 15 * SECOND + 1):
        np.testing.assert_allclose(
            lookup(buffer, 'odom', 'base_link', 4 * SECOND), robot(3.0), atol=1e-9)
        buffer.set_transform(transform_message(robot(0), 'odom', 'base_link', stamp_ns), 'test')
    with pytest.raises(tf.ExtrapolationException):
        lookup(buffer, 'odom', 'base_link', 4 * SECOND)
    np.testing.assert_allclose(
        lookup(buffer, 'odom', 'base_link', 5 * SECOND), robot(4.0), atol=1e-9)


def test_a_sample_older_than_ten_seconds_is_ignored(tf):
    buffer = filled(tf)
    late = transform_message(np.eye(4), 'odom', 'base_link', 0)
    buffer.set_transform(transform_message(robot(11), 'odom', 'base_link', 12 * SECOND), 'test')
    buffer.set_transform(late, 'test')
    with pytest.raises(tf.ExtrapolationException):
        lookup(buffer, 'odom', 'base_link', SECOND // 2)


@pytest.mark.parametrize('ahead_s', [601, 86_400, 2 * 10 ** 9])
def test_one_sample_far_ahead_spoils_no_other_in_the_fallback(ahead_s):
    buffer = filled(fallback)
    for stamp_ns in ((10 + ahead_s) * SECOND, 10_100_000_000, 10_200_000_000):
        buffer.set_transform(transform_message(
            robot(stamp_ns / SECOND - 1), 'odom', 'base_link', stamp_ns), 'test')
        for seconds in (1.5, 5.0, 9.0):
            np.testing.assert_allclose(lookup(buffer, 'odom', 'base_link', round(
                (1 + seconds) * SECOND)), robot(seconds), atol=1e-9)
    np.testing.assert_allclose(
        lookup(buffer, 'odom', 'base_link', 10_150_000_000), robot(9.15), atol=1e-9)


def test_after_a_pause_the_first_sample_answers(tf):
    buffer = filled(tf)
    buffer.set_transform(transform_message(robot(99), 'odom', 'base_link', 100 * SECOND), 'test')
    np.testing.assert_allclose(
        lookup(buffer, 'odom', 'base_link', 100 * SECOND), robot(99), atol=1e-9)


def test_two_samples_far_ahead_that_agree_are_the_present_in_the_fallback():
    buffer = filled(fallback)
    begin_ns = 100_000 * SECOND
    for seconds in (0, 1, 2):
        buffer.set_transform(transform_message(
            robot(seconds), 'odom', 'base_link', begin_ns + seconds * SECOND), 'test')
    np.testing.assert_allclose(
        lookup(buffer, 'odom', 'base_link', begin_ns + SECOND // 2), robot(0.5), atol=1e-9)
    with pytest.raises(fallback.ExtrapolationException):
        lookup(buffer, 'odom', 'base_link', 5 * SECOND)


def test_the_refusal_says_how_late_the_stamp_is():
    with pytest.raises(fallback.ExtrapolationException,
                       match='odom to base_link is known until 10.000 s, the stamp is 1.000 s'):
        lookup(filled(fallback), 'odom', 'base_link', 11 * SECOND)


def test_a_lookup_waits_for_a_late_transform_no_longer_than_told():
    buffer = filled(fallback)
    with pytest.raises(fallback.ExtrapolationException):
        buffer.lookup_transform('odom', 'base_link', Time(nanoseconds=11 * SECOND),
                                Duration(seconds=0.05))


def test_a_transform_of_a_frame_to_itself_is_ignored(tf):
    buffer = filled(tf)
    buffer.set_transform(transform_message(CAMERA, 'odom', 'odom', 5 * SECOND), 'test')
    buffer.set_transform_static(transform_message(CAMERA, 'camera', 'camera', 0), 'test')
    np.testing.assert_allclose(lookup(buffer, 'odom', 'camera', 4 * SECOND), robot(3.0) @ CAMERA,
                               atol=1e-9)
