# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A robot that loses track in every way, is silent, and is found again; over real DDS."""

import math
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped, Quaternion
import numpy as np
import pytest
from std_msgs.msg import Bool, Header
from std_srvs.srv import Trigger
from support.exact_relocaliser import COVARIANCE
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE
from support.robots.driver import Driver, STATED

from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_message,
    pose_of_message,
)
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
KIDNAPPED = pose_of_rpy((4.0, -2.0, 0.1), (0.0, 0.0, -1.2)) @ MAP_FROM_BASE
SOON_S = 0.5
NULL = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start the relocaliser with a map, and a robot for it."""
    path = tmp_path_factory.mktemp('map') / 'a.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': str(path), 'lost_after_frames': 3, 'tf_wait': 0.3, 'image_timeout': 1.0,
        'watch_diagnostics': '"wheels*, nobody, relocaliser*"', 'relocalise_timeout': 3.0,
        'odometry_gap_limit': 5.0})  # the test itself may be kept from sending
    driver = Driver(bystander)
    yield driver
    driver.arrived.set()
    driver.wheels.join(5)


def lose_by_flag(robot):
    robot.tracking.publish(Bool(data=False))
    return 'tracking_not_ok', lambda: robot.tracking.publish(Bool(data=True))


def lose_by_diagnostics(robot):
    robot.report(DiagnosticStatus.ERROR)
    return 'diagnostics_error', lambda: robot.report(DiagnosticStatus.OK)


def lose_by_stale_diagnostics(robot):
    robot.report(DiagnosticStatus.STALE)
    return 'diagnostics_error', lambda: robot.report(DiagnosticStatus.WARN)


def lose_by_odometry(reason, **stated):
    """Return a way to lose track: odometry that states something."""
    def lose(robot):
        robot.stated = stated

        def heal():
            robot.stated = {}
        return reason, heal
    return lose


def lose_by_jump(robot):
    robot.stands = JUMPED @ robot.stands
    return 'odometry_jump', lambda: None


def lose_by_gap(robot):
    robot.set(odometry_gap_limit=0.4)
    robot.stated = None
    time.sleep(0.4)  # silence is a loss from then on

    def heal():
        robot.stated = {}
        robot.set(odometry_gap_limit=5.0)
    return 'odometry_gap', heal


NAN_POSE = np.where(np.arange(16).reshape(4, 4) == 3, math.nan, ODOM_FROM_BASE)
JUMPED = pose_of_rpy((9.0, 0.0, 0.0), (0.0, 0.0, 0.0))
WAYS = {
    'flag': lose_by_flag, 'diagnostics': lose_by_diagnostics, 'stale': lose_by_stale_diagnostics,
    'null': lose_by_odometry('odometry_impossible', pose=np.eye(4), covariance=9999 * np.eye(6),
                             orientation=NULL),
    'NaN': lose_by_odometry('odometry_impossible', pose=NAN_POSE),
    'NaN covariance': lose_by_odometry('odometry_uncertain', covariance=np.full(36, math.nan)),
    '9999': lose_by_odometry('odometry_uncertain', covariance=9999 * np.eye(6)),
    'growth': lose_by_odometry('odometry_uncertain', covariance=STATED + np.diag([9.0] * 6)),
    'jump': lose_by_jump,
    'gap': lose_by_gap}
LASTING = set(WAYS) - {'growth', 'jump', 'gap'}  # somebody goes on to say that he is lost


@pytest.mark.alone
@pytest.mark.parametrize('way', WAYS)
def test_a_loss_ends_everything_at_once_until_the_robot_is_found_where_it_is(robot, way):
    robot.localised()
    begin, started, readies = len(robot.status), len(robot.initial), len(robot.ready)
    reason, heal = WAYS[way](robot)
    began_s = time.monotonic()
    robot.bystander.until(lambda: len(robot.ready) > readies, 'a word on ready')
    assert time.monotonic() - began_s < SOON_S and not robot.ready[-1].data
    status = robot.bystander.until(
        lambda: robot.new(begin, event='lost', reason=reason), 'the status')[0]
    assert (status['state'], status['tracking']) == ('lost', 'lost')
    assert status['doubt'] == status['sentence'] != ''
    sent = len(robot.corrections())
    if way in LASTING:
        for _ in range(4):
            assert robot.see(KIDNAPPED)['reason'] == 'tracking_lost'
    assert len(robot.corrections()) == sent and not robot.ready[-1].data
    heal()
    robot.localised(KIDNAPPED)
    time.sleep(0.1)
    assert len(robot.initial) == started + 1
    np.testing.assert_allclose(pose_of_message(robot.initial[-1].pose.pose), KIDNAPPED, atol=1e-9)


@pytest.mark.parametrize('name', ['relocaliser: localisation', 'left wheels', 'nobody else'])
def test_diagnostics_of_others_and_of_the_node_itself_lose_nobody(robot, name):
    robot.localised()
    begin = len(robot.status)
    robot.diagnostics.publish(DiagnosticArray(status=[
        DiagnosticStatus(name=name, level=DiagnosticStatus.ERROR, message='broken')]))
    assert [robot.see(MAP_FROM_BASE)['reason'] for _ in range(4)] == ['accepted'] * 4
    assert robot.new(begin, event='lost') == []


def test_the_pose_for_others_is_that_of_the_robot_at_the_stamp_of_the_image(robot):
    robot.localised()
    robot.tracking.publish(Bool(data=False))
    robot.bystander.until(lambda: not robot.ready[-1].data, 'the loss')
    robot.tracking.publish(Bool(data=True))
    robot.localised()
    message = robot.bystander.until(lambda: robot.initial, 'it')[-1]
    assert message.header.frame_id == 'map'
    assert nanoseconds(message.header.stamp) in {s['stamp_ns'] for s in robot.status}
    covariance = message.pose.covariance.reshape(6, 6)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert 0.05 ** 2 < covariance[0, 0] < 0.06 ** 2
    assert covariance[5, 5] == pytest.approx(math.radians(2.0) ** 2 + COVARIANCE[5, 5], rel=0.05)


def test_relocalise_says_no_while_tracking_is_lost_and_tells_who_says_so(robot):
    robot.tracking.publish(Bool(data=False))
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'tracking_lost', 'it')
    client = robot.bystander.node.create_client(Trigger, '/relocaliser/relocalise')
    future = client.call_async(Trigger.Request())
    while not future.done():
        robot.see(MAP_FROM_BASE)
    assert not future.result().success
    assert '/tracking_ok says that tracking is lost' in future.result().message
    robot.tracking.publish(Bool(data=True))
    robot.localised()


def hint(frame='map', pose=MAP_FROM_BASE):
    """Return what rviz sends."""
    message = PoseWithCovarianceStamped(header=Header(frame_id=frame))
    message.pose.pose = pose_message(pose)
    message.pose.covariance = np.diag([0.25, 0.25, 0, 0, 0, 0.07]).reshape(-1)
    return message


def test_a_hint_is_compared_and_never_moves_the_answer(robot):
    robot.localised()
    for pose, agrees in ((MAP_FROM_BASE, True), (KIDNAPPED, False)):
        robot.hints.publish(hint(pose=pose))
        robot.bystander.until(
            lambda wanted=agrees: (robot.see(MAP_FROM_BASE)['hint'] or {}).get('agrees') is wanted,
            'the comparison')
    expected = np.linalg.norm(KIDNAPPED[:3, 3] - MAP_FROM_BASE[:3, 3])
    assert robot.status[-1]['hint']['distance_m'] == pytest.approx(expected, abs=1e-3)
    robot.bystander.until(lambda: nanoseconds(robot.poses[-1].header.stamp)
                          == robot.status[-1]['stamp_ns'], 'the pose')
    np.testing.assert_allclose(
        pose_of_message(robot.poses[-1].pose.pose), MAP_FROM_BASE, atol=1e-9)


@pytest.mark.parametrize('frame, pose, words', [
    ('odom', MAP_FROM_BASE, "in frame 'odom', the map is in 'map'"),
    ('', MAP_FROM_BASE, "in frame '', the map is in 'map'"),
    ('map', MAP_FROM_BASE * math.nan, 'NaN')])
def test_a_hint_that_is_none_is_refused_by_a_sentence(robot, frame, pose, words):
    begin, message = len(robot.status), hint(frame)
    if math.isnan(pose[0, 0]):
        message.pose.pose.position.x = math.nan
    robot.hints.publish(message)
    told = robot.bystander.until(lambda: robot.new(begin, reason='hint_refused'), 'it')
    assert words in told[0]['sentence']


@pytest.mark.slow
def test_a_silent_camera_is_no_health_and_odometry_alone_is_not_trusted_for_ever(robot):
    robot.set(trust_time=4.0)
    try:
        robot.localised()
        begin = len(robot.status)
        told = robot.bystander.until(
            lambda: robot.new(begin, reason='camera_silent', tracking='degraded'), 'the doubt')
        assert 'no message on /image' in told[0]['sentence'] and told[0]['state'] == 'localised'
        assert robot.ready[-1].data
        robot.bystander.until(
            lambda: robot.heard(DiagnosticStatus.WARN, 'no message on /image'), 'the warning')
        lost = robot.bystander.until(lambda: robot.new(begin, event='lost'), 'the loss')[0]
        assert 's old' in lost['sentence']
        robot.bystander.until(lambda: not robot.ready[-1].data, 'not ready')
        robot.localised()
        robot.bystander.until(lambda: robot.see(MAP_FROM_BASE) and robot.heard(
            DiagnosticStatus.OK, 'localised'), 'health')
    finally:
        robot.set(trust_time=60.0)


def test_a_camera_that_comes_back_in_time_makes_the_pose_good_again(robot):
    robot.localised()
    begin = len(robot.status)
    robot.bystander.until(lambda: robot.new(begin, tracking='degraded'), 'the doubt')
    assert robot.see(MAP_FROM_BASE)['tracking'] == 'localised'
    assert robot.new(begin, event='lost') == [] and robot.ready[-1].data


def test_in_mode_on_loss_images_are_looked_at_only_while_the_robot_is_not_localised(robot):
    robot.localised()
    robot.set(mode='on_loss')
    try:
        frames = robot.show(6)
        assert frames == 0 and robot.ready[-1].data
        robot.stated = {'covariance': np.eye(6) * 9999.0}
        robot.bystander.until(lambda: not robot.ready[-1].data, 'the loss')
        robot.stated = {}
        robot.localised()
        assert robot.status[-1]['mode'] == 'on_loss'
        assert robot.show(6) == 0
    finally:
        robot.set(mode='continuous')


def test_in_mode_on_request_images_are_looked_at_after_a_call_only(robot):
    robot.localised()
    robot.set(mode='on_request')
    try:
        robot.tracking.publish(Bool(data=False))
        robot.bystander.until(lambda: not robot.ready[-1].data, 'the loss')
        robot.tracking.publish(Bool(data=True))
        assert robot.show(6) == 0
        client = robot.bystander.node.create_client(Trigger, '/relocaliser/relocalise')
        future = client.call_async(Trigger.Request())
        robot.bystander.until(future.done, 'the answer', send=lambda: robot.show(8))
        assert future.result().success
        robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
        assert robot.show(6) == 0
    finally:
        robot.set(mode='continuous')


@pytest.mark.alone
def test_no_more_images_are_looked_at_than_the_rate_says(robot):
    robot.localised()
    robot.set(frame_rate=4.0)
    try:
        began_s = time.monotonic()
        answered = robot.show(15)  # some 16 a second
        assert 3 <= answered <= 1 + 4 * (time.monotonic() - began_s)
    finally:
        robot.set(frame_rate=0.0)


def test_every_third_image_is_enough_where_one_says_so(robot):
    robot.localised()
    robot.set(frame_step=3)
    try:
        assert robot.show(9) == 3
    finally:
        robot.set(frame_step=1)
