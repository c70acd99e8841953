# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser that hears wrong stamps, and one whose map is far from its frame's origin."""

import time

import numpy as np
import pytest
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE, Robot

from scene_reloc_ros.geometry.poses import shifted_pose
from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_of_message,
    pose_of_transform,
)

pytestmark = pytest.mark.ros
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
UTM = (448_000.25, 5_412_000.5, 312.0)


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start a relocaliser that any age of an image is right for."""
    path = tmp_path_factory.mktemp('map') / 'map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': str(path), 'tf_wait': 0.3, 'stamp_age_limit': 0.0, 'stamp_future_limit': 0.0,
        'gate_agreeing': 1, 'lost_after_frames': 100})
    return Robot(bystander)


def is_localised(robot):
    """Show a usual image; tells whether it was believed, and the robot was never lost."""
    silent = len(robot.ready)
    status = robot.see(MAP_FROM_BASE)
    return (status['reason'], status['state'], len(robot.ready)) == (
        'accepted', 'localised', silent)


@pytest.mark.parametrize('ahead_ns, code', [(DAY, 'future_stamp'), (-DAY, 'stale_stamp'),
                                            (-SECOND, 'stale_stamp')])
def test_one_image_with_a_wrong_stamp_is_refused_and_nothing_else(robot, ahead_ns, code):
    assert is_localised(robot)
    poses, refused = len(robot.poses), robot.status[-1]['refusals'].get(code, 0)
    status = robot.see(MAP_FROM_BASE, ahead_ns=ahead_ns)
    assert (status['reason'], status['state']) == (code, 'localised')
    assert status['refusals'][code] == refused + 1
    assert is_localised(robot)
    robot.bystander.until(lambda: len(robot.poses) == poses + 1, 'the pose of the usual image')


@pytest.mark.parametrize('wrong_ns', [DAY, -DAY])
def test_one_transform_with_a_wrong_stamp_costs_no_fix(robot, wrong_ns):
    robot.move(ODOM_FROM_BASE, robot.bystander.now_ns())
    robot.move(np.eye(4), robot.bystander.now_ns() + wrong_ns)
    time.sleep(0.1)
    assert is_localised(robot)


def test_images_that_go_on_in_the_past_are_a_bag_that_begins_anew(robot):
    assert is_localised(robot)
    answers = [robot.see(MAP_FROM_BASE, ahead_ns=-2 * DAY) for _ in range(4)]
    assert [status['reason'] for status in answers[:3:2]] == ['stale_stamp', 'accepted']
    assert [status['reason'] for status in answers[2:]] == ['accepted'] * 2
    assert answers[2]['event'] == 'localised'  # what was before is forgotten
    robot.see(MAP_FROM_BASE)
    assert robot.see(MAP_FROM_BASE)['reason'] == 'accepted'  # back in the present


def test_far_from_the_origin_pose_and_transform_are_exact(robot):
    far = shifted_pose(MAP_FROM_BASE, UTM)
    for _ in range(2):
        status = robot.see(far)
    message = robot.bystander.until(lambda: next(
        (m for m in robot.poses if nanoseconds(m.header.stamp) == status['stamp_ns']), None),
        'the pose')
    np.testing.assert_allclose(pose_of_message(message.pose.pose), far, rtol=0, atol=1e-8)
    sent = robot.bystander.until(lambda: next(
        (t for t in robot.corrections()
         if nanoseconds(t.header.stamp) == status['map_to_odom_stamp_ns']), None), 'the transform')
    np.testing.assert_allclose(pose_of_transform(sent.transform) @ ODOM_FROM_BASE, far, rtol=0,
                               atol=1e-8)
