# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The lines of docs/recipes.md, run, beside subscribers that ask what each peer asks.

What they ask was read in the sources of the peers; over real DDS, from recorded topics.
"""

import re
import shlex
import time

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from std_srvs.srv import Empty
from support.places import EXACT_RELOCALISER, ROOT
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE
from support.robots.driver import Driver

from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_of_message,
    pose_of_transform,
)
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = [pytest.mark.ros, pytest.mark.slow]
PAGE = ROOT / 'docs' / 'recipes.md'
KIDNAPPED = pose_of_rpy((4.0, -2.0, 0.1), (0.0, 0.0, -1.2)) @ MAP_FROM_BASE
FRESH_NS = 300_000_000  # Nav2's transform_tolerance
AHEAD_NS = 100_000_000


def recipes():
    """Return {heading: arguments of each of its lines} of the page."""
    found = {}
    for section in PAGE.read_text('utf-8').split('\n## ')[1:]:
        blocks = re.findall(r'```\n(ros2 run .*?)```', section, re.S)
        found[section.splitlines()[0]] = [
            shlex.split(block.replace('\\\n', ' '))[5:] for block in blocks]
    return found


class Peer:
    """Listens where a recipe sends the pose, and keeps what comes."""

    def __init__(self, driver, topic, depth=10):
        self.driver = driver
        self.poses = driver.bystander.listen(
            PoseWithCovarianceStamped, topic, QoSProfile(depth=depth))
        driver.bystander.until(lambda: self.poses, 'a first pose', send=self.recover)
        time.sleep(0.2)
        self.poses.clear()

    def recover(self):
        """Let the robot be lost and found, until the topic has been discovered."""
        self.driver.lose()
        self.driver.localised()

    def hear(self, at, count):
        """Return the pose that came as the ``count``-th, after the robot was found there."""
        self.driver.bystander.until(lambda: len(self.poses) >= count, 'the pose for the peer')
        for _ in range(3):  # with mode on_loss these are not looked at
            self.driver.show_once(at)
        assert len(self.poses) == count, 'it is told once for each recovery'
        message = self.poses[-1]
        np.testing.assert_allclose(pose_of_message(message.pose.pose), at, atol=1e-9)
        self.believe(message)
        return message

    def believe(self, message):
        """Assert what all peers need: finite numbers, a unit quaternion, a real covariance."""
        q = message.pose.pose.orientation
        assert abs(q.x ** 2 + q.y ** 2 + q.z ** 2 + q.w ** 2 - 1) < 1e-4
        covariance = message.pose.covariance.reshape(6, 6)
        assert np.isfinite(covariance).all()
        np.testing.assert_allclose(covariance, covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > 0
        stamp_ns = nanoseconds(message.header.stamp)
        assert stamp_ns in {status['stamp_ns'] for status in self.driver.status}


@pytest.fixture
def start(tmp_path, bystander):
    """Return a function that starts the relocaliser as a recipe says, with its robot."""
    from support.node_process import NodeProcess
    path, log, drivers, processes = tmp_path / 'a.map', tmp_path / 'node.log', [], []
    path.write_text('map')

    def run(heading, odometry='odom', which=0):
        arguments = [str(path).join(word.split('/path/to/the.map'))
                     for word in recipes()[heading][which]]
        processes.append(NodeProcess(EXACT_RELOCALISER, {
            'lost_after_frames': 3, 'tf_wait': 0.3, 'gate': False,
            'watch_diagnostics': 'nobody'}, log, arguments))
        drivers.append(Driver(bystander, odometry))
        return drivers[-1]
    yield run
    for driver in drivers:
        driver.leave()
    for process in processes:
        assert process.stop() == 0


def test_the_page_has_a_recipe_for_each_peer():
    assert [(heading, len(lines)) for heading, lines in recipes().items()] == [
        ('Nav2 with AMCL', 1), ('Nav2 without AMCL', 1), ('slam_toolbox', 1), ('RTAB-Map', 2),
        ('robot_localization', 1), ('cuVSLAM', 1)]


def test_amcl_gets_a_pose_that_it_takes_once_each_time_and_keeps_its_transform(start, bystander):
    driver = start('Nav2 with AMCL')
    peer = Peer(driver, '/initialpose')
    driver.lose()
    driver.localised(KIDNAPPED)
    message = peer.hear(KIDNAPPED, 1)
    assert message.header.frame_id == 'map'  # its global_frame_id; others it ignores
    variances = np.diag(message.pose.covariance.reshape(6, 6))[[0, 1, 5]]
    assert (variances > [0.05 ** 2, 0.05 ** 2, np.radians(2) ** 2]).all()
    assert driver.corrections() == []  # AMCL publishes map to odom
    names = dict(bystander.node.get_service_names_and_types())
    assert '/relocaliser/reinitialize_global_localization' in names
    assert '/reinitialize_global_localization' not in names  # AMCL's own


def test_nav2_alone_gets_a_fresh_transform_and_its_recovery_finds_the_robot(start, bystander):
    driver = start('Nav2 without AMCL')
    driver.localised()
    begin = len(driver.corrections())
    bystander.until(lambda: len(driver.corrections()) > begin + 10, 'the transform')
    sent, now_ns = driver.corrections()[-1], bystander.now_ns()
    assert (sent.header.frame_id, sent.child_frame_id) == ('map', 'odom')
    assert -FRESH_NS < nanoseconds(sent.header.stamp) - now_ns <= AHEAD_NS
    np.testing.assert_allclose(
        pose_of_transform(sent.transform) @ ODOM_FROM_BASE, MAP_FROM_BASE, atol=1e-9)
    bystander.call(Empty, '/reinitialize_global_localization')
    bystander.until(lambda: not driver.ready[-1].data, 'not ready')
    driver.localised(KIDNAPPED)


def test_slam_toolbox_gets_the_pose_on_its_short_queue_and_keeps_its_transform(start):
    driver = start('slam_toolbox')
    peer = Peer(driver, '/initialpose', depth=1)
    driver.lose()
    driver.localised(KIDNAPPED)
    assert peer.hear(KIDNAPPED, 1).header.frame_id == 'map'
    assert driver.corrections() == []


def test_rtabmap_gets_a_prior_of_the_robot_itself(start):
    driver = start('RTAB-Map')
    peer = Peer(driver, '/rtabmap/global_pose', depth=1)
    driver.lose()
    driver.localised(KIDNAPPED)
    message = peer.hear(KIDNAPPED, 1)
    # it multiplies by the transform from the frame of the header to its frame_id, base_link
    assert message.header.frame_id == 'base_link'
    information = np.linalg.inv(message.pose.covariance.reshape(6, 6))
    assert np.isfinite(information).all()
    assert driver.corrections() == []


def test_rtabmap_gets_the_pose_to_begin_at_in_the_frame_of_its_map(start):
    driver = start('RTAB-Map', which=1)
    peer = Peer(driver, '/rtabmap/initialpose', depth=5)
    driver.lose()
    driver.localised(KIDNAPPED)
    assert peer.hear(KIDNAPPED, 1).header.frame_id == 'map'


def test_the_global_filter_is_set_to_a_jump_and_goes_on_with_the_poses_after_it(start):
    driver = start('robot_localization', '/odometry/local')
    filter_set = Peer(driver, '/ekf_global/set_pose', depth=1)
    driver.localised()
    driver.lose()
    driver.localised(KIDNAPPED)
    message = filter_set.hear(KIDNAPPED, 1)
    assert message.header.frame_id == 'map'  # its world_frame: no transform is needed
    set_ns = nanoseconds(message.header.stamp)
    later = [one for one in driver.poses if nanoseconds(one.header.stamp) > set_ns]
    assert len(later) >= 2  # what is not later it ignores
    for one in later:
        assert one.header.frame_id == 'map'
        filter_set.believe(one)
    assert driver.corrections() == []


def test_cuvslam_that_falls_silent_is_a_loss_and_is_told_where_to_search(start, bystander):
    driver = start('cuVSLAM', '/visual_slam/tracking/odometry')
    peer = Peer(driver, '/visual_slam/initial_pose')
    driver.localised()
    begin = len(driver.status)
    driver.stated = None  # as it does when it has lost track
    lost = bystander.until(lambda: driver.new(begin, event='lost'), 'the loss')[0]
    assert lost['reason'] == 'odometry_gap'
    sent = len(driver.corrections())
    driver.stated = {}
    driver.localised(KIDNAPPED)
    assert peer.hear(KIDNAPPED, 1).header.frame_id == 'map'
    assert len(driver.corrections()) > sent  # the relocaliser publishes map to odom
