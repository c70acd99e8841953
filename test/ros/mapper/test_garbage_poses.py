# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry with anything in its fields: never an exception, never a pose of nonsense."""

from array import array

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
import pytest
import rclpy
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.ros.mapper.node import MapperNode
from scene_reloc_ros.uncertainty.pose_plausibility import DoubtfulPose

pytestmark = pytest.mark.ros
FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@pytest.fixture(scope='module')
def source():
    """Return a source of poses in a context of its own; nothing spins its node."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = MapperNode(context=context, parameter_overrides=[
        Parameter('pose_source', value='odom'), Parameter('tf_wait', value=0.0)])
    node.start()
    yield node._poses
    node.cleanup()
    node.destroy_node()
    rclpy.shutdown(context=context)


@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(
    st.integers(-2 ** 31, 2 ** 31 - 1), st.integers(0, 2 ** 32 - 1), st.sampled_from(
        ['map', 'odom', '']), st.lists(FLOATS, min_size=13, max_size=13)), max_size=6))
def test_whatever_is_said_of_the_robot_nothing_raises_and_no_nonsense_is_believed(
        source, messages):
    """The poses of a recorder are rigid and on Earth, or they are refused by a sentence."""
    source.clear()
    for seconds, nanosec, frame, values in messages:
        message = Odometry(header=Header(frame_id=frame))
        message.header.stamp.sec, message.header.stamp.nanosec = seconds, nanosec
        p, q = message.pose.pose.position, message.pose.pose.orientation
        p.x, p.y, p.z, q.x, q.y, q.z, q.w = values[:7]
        message.pose.covariance[::7] = array('d', values[7:])
        source._on_message(message)
        try:
            pose, sentence = source.find('base_link', seconds * 1_000_000_000 + nanosec)
        except DoubtfulPose as error:
            pose, sentence = None, error.detail
        assert (pose is None) == bool(sentence)
        if pose is not None:
            assert checked_pose(pose, 'the robot').shape == (4, 4)
