# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""An odometry that itself waits for a pose is told one, and starts; over real DDS."""

import time

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE
from support.robots.tf_driver import TransformDriver

from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message, pose_of_transform
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
STEP = pose_of_rpy((0.05, 0.0, 0.0), (0.0, 0.0, 0.02))


@pytest.fixture
def waiting(start_node, bystander, tmp_path):
    """Start the relocaliser, and a robot whose odometry has not begun."""
    path = tmp_path / 'a.map'
    path.write_text('map')
    node = start_node(EXACT_RELOCALISER, {
        'map': str(path), 'tf_wait': 0.05})
    driver = TransformDriver(bystander, goes=False)
    yield driver
    driver.stop()
    node.stop()


def test_odometry_that_waits_is_told_where_the_robot_is_and_begins(waiting):
    begun = []

    def start(message):  # as a filter that is initialised by it: its odometry begins there
        if not begun:
            begun.append(message)
            waiting.stands = pose_of_message(message.pose.pose) @ pose_of_rpy(
                (0.3, 0.0, 0.0), (0.0, 0.0, 0.1))
            waiting.goes = True
    waiting.bystander.node.create_subscription(
        PoseWithCovarianceStamped, '/relocaliser/initialpose', start, 10)
    told = waiting.bystander.until(
        lambda: begun or (waiting.look() and begun), 'the pose')[0]
    assert told.header.frame_id == 'map'
    np.testing.assert_allclose(pose_of_message(told.pose.pose), MAP_FROM_BASE, atol=1e-9)
    assert nanoseconds(told.header.stamp) in {s['stamp_ns'] for s in waiting.status}
    waiting.localised()
    correction = pose_of_transform(waiting.corrections()[-1].transform)
    np.testing.assert_allclose(correction @ waiting.stands, MAP_FROM_BASE, atol=1e-9)
    time.sleep(0.2)
    assert len(waiting.initial) == 1  # once for this recovery


def test_until_odometry_begins_nothing_is_broadcast_and_ready_stays_false(waiting):
    for _ in range(8):
        assert waiting.look()['reason'] == 'no_odometry'
    waiting.bystander.until(lambda: waiting.initial, 'the pose for others')
    assert not waiting.ready[-1].data and waiting.corrections() == [] and waiting.poses == []
    assert waiting.status[-1]['state'] == 'searching'
    first = len(waiting.initial)
    waiting.bystander.until(lambda: waiting.look() and len(waiting.initial) > first,
                            'it again, for an odometry that had not listened')


def test_poses_that_disagree_start_nobody(waiting):
    places = [pose_of_rpy((3.0 * k, -2.0 * k, 0.0), (0.0, 0.0, 1.1 * k)) for k in range(8)]
    for place in places:
        assert waiting.look(place)['reason'] == 'no_odometry'
    time.sleep(0.2)
    assert [pose_of_message(m.pose.pose)[0, 3] for m in waiting.initial] == []


def test_images_without_odometry_tell_nobody_anew_while_the_robot_is_localised(waiting):
    waiting.goes, waiting.stands = True, ODOM_FROM_BASE
    waiting.localised()
    told = len(waiting.initial)
    future_ns = 2_000_000_000  # of images to whose stamps no odometry comes in time
    for _ in range(6):
        assert waiting.see(MAP_FROM_BASE, odom_from_base=None,
                           ahead_ns=future_ns // 5)['reason'] == 'no_odometry'
    assert len(waiting.initial) == told and waiting.ready[-1].data
