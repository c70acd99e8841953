# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry on /tf alone is watched as one on a topic is; over real DDS."""

import math
import time

import numpy as np
import pytest
from support.places import EXACT_RELOCALISER
from support.robot import ODOM_FROM_BASE
from support.robots.tf_driver import PERIOD_S, TransformDriver

from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
SOON_S = 0.6  # it is looked at ten times a second, and a jump is believed after three


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start the relocaliser, and a robot without a topic of odometry."""
    path = tmp_path_factory.mktemp('map') / 'a.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {'map': str(path), 'tf_wait': 0.3})
    driver = TransformDriver(bystander)
    yield driver
    driver.stop()


def lost_by(robot, reason):
    """Wait for a loss; return its status and how long it took."""
    begin, began_s = len(robot.status), time.monotonic()
    told = robot.bystander.until(lambda: robot.new(begin, reason=reason), reason)
    robot.bystander.until(lambda: not robot.ready[-1].data, 'not ready')
    return told[0], time.monotonic() - began_s


@pytest.mark.alone
def test_a_jump_is_a_loss_and_the_robot_is_found_from_there(robot):
    robot.localised()
    robot.stands = pose_of_rpy((7.0, 1.0, 0.0), (0.0, 0.0, 0.4)) @ robot.stands
    status, seconds = lost_by(robot, 'odometry_jump')
    assert (status['state'], status['event']) == ('lost', 'lost') and seconds < SOON_S
    robot.localised()


@pytest.mark.alone
def test_a_transform_that_is_none_is_a_loss_for_as_long_as_it_lasts(robot):
    robot.localised()
    stood, robot.stands = robot.stands, robot.stands * math.nan
    _, seconds = lost_by(robot, 'odometry_impossible')
    assert seconds < SOON_S
    robot.stands = stood
    robot.localised()


def test_silence_is_a_loss_and_its_end_is_the_end_of_it(robot):
    robot.localised()
    time.sleep(1.0)  # so that what is usual is known
    robot.goes = False
    status, _ = lost_by(robot, 'odometry_gap')
    assert 'odometry has stopped' in status['sentence']
    robot.goes = True
    robot.localised()


def test_a_robot_that_goes_on_as_it_can_is_not_lost(robot):
    robot.localised()
    begin = len(robot.status)
    step = pose_of_rpy((1.5 * PERIOD_S, 0.0, 0.0), (0.0, 0.0, 0.5 * PERIOD_S))
    for _ in range(40):
        robot.stands = robot.stands @ step
        time.sleep(PERIOD_S)
    assert robot.new(begin, event='lost') == [] and robot.ready[-1].data
    np.testing.assert_allclose(np.linalg.det(robot.stands @ np.linalg.inv(ODOM_FROM_BASE)), 1.0)
