# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A mapper that takes the robot's pose from a topic instead of tf."""

import math
import time

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from std_msgs.msg import Header
from support.bystander import LATCHED
from support.mapping_scene import MappingScene
from support.small_recording import small_frames
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.bridge.conversions import (
    pose_message,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
BASE_FROM_CAM = pose_of_rpy((0.1, 0.0, 0.4), (-math.pi / 2, 0.0, -math.pi / 2))
GAP_NS = 40_000_000  # from the stamp of an image to the poses before and after it


class PosedScene(MappingScene):
    """The poses are those of the robot, on a topic, before and after each image."""

    def __init__(self, bystander, source):
        self.of_topic = Odometry if source == 'odom' else PoseStamped
        self.topic = bystander.publisher(self.of_topic, source)
        self.frame, self.child, self.covariance = 'map', '', np.zeros(36)
        self.wrong = np.eye(4)  # between the pose of the robot and what is said of it
        self.beside_ns = (-GAP_NS, GAP_NS)
        self.length = 1.0  # of the quaternion
        super().__init__(bystander)
        self.tf_static = bystander.publisher(TFMessage, '/tf_static', LATCHED)
        self.tf_static.publish(TFMessage(transforms=[
            transform_message(BASE_FROM_CAM, 'base_link', 'camera', 0)]))

    def place(self, map_from_cam, stamp_ns):
        """Publish the robot 2 cm behind and 2 cm ahead of where it is."""
        map_from_base = self.wrong @ map_from_cam @ np.linalg.inv(BASE_FROM_CAM)
        for offset_ns in self.beside_ns:
            beside = map_from_base.copy()
            beside[0, 3] += 0.02 * offset_ns / GAP_NS
            message = self.of_topic(header=Header(
                frame_id=self.frame, stamp=stamp_message(stamp_ns + offset_ns)))
            if self.of_topic is Odometry:
                message.pose.pose = pose_message(beside)
                q = message.pose.pose.orientation
                q.x, q.y, q.z, q.w = (self.length * part for part in (q.x, q.y, q.z, q.w))
                message.pose.covariance = self.covariance
                message.child_frame_id = self.child
            else:
                message.pose = pose_message(beside)
            self.topic.publish(message)


@pytest.mark.parametrize('source', ['odom', 'pose'])
def test_poses_of_a_topic_are_interpolated_at_the_stamp_of_the_image(
        start_node, bystander, tmp_path, source):
    node = start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(tmp_path), 'pose_source': source, 'tf_wait': 0.3})
    scene = PosedScene(bystander, source)
    assert scene.call('start').success
    scene.until_everything_arrives()
    assert f'no pose on /{source} yet' in scene.status[-1]['sentence']
    frames = small_frames(3)
    for frame in frames:
        assert scene.show(frame)['reason'] == 'kept'
        time.sleep(3 * GAP_NS * 1e-9)  # so that poses of two images do not mix
    recording = open_sequence(scene.status[-1]['recording'])
    for index, frame in enumerate(frames):
        np.testing.assert_allclose(recording[index].map_from_cam, frame.map_from_cam, atol=1e-6)
    assert 'later than all poses' in scene.show(frames[0], with_pose=False)['sentence']
    scene.frame = 'odom'
    refused = scene.show(frames[0])['sentence']
    assert f"poses on /{source} are in frame 'odom', the map is in 'map'" in refused
    assert node.stop() == 0


@pytest.fixture(scope='module')
def scene(start_node, bystander, tmp_path_factory):
    """Return a scene whose mapper records by odometry, and has kept a frame."""
    start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(tmp_path_factory.mktemp('mapper')), 'pose_source': 'odom', 'tf_wait': 0.3,
        'key_frame_translation': 0.0})
    scene = PosedScene(bystander, 'odom')
    assert scene.call('start').success
    scene.until_everything_arrives()
    assert seen(scene) == 'kept'
    return scene


def seen(scene, **changes):
    """Show a frame while the poses are changed; returns 'kept', or why it is not."""
    kept = {name: getattr(scene, name) for name in changes}
    for name, value in changes.items():
        setattr(scene, name, value)
    time.sleep(3 * GAP_NS * 1e-9)  # so that poses of two images do not mix
    status = scene.show(small_frames(1)[0])
    for name, value in kept.items():
        setattr(scene, name, value)
    return status['refusal'] or status['reason']


def shift(metres):
    """Return a pose so many metres away."""
    return pose_of_rpy((metres, 0.0, 0.0), (0.0, 0.0, 0.0))


@pytest.mark.parametrize('changes, code', [
    ({'covariance': np.full(36, 9999.0)}, 'pose_uncertain'),
    ({'covariance': np.full(36, math.nan)}, 'pose_uncertain'),
    ({'covariance': np.r_[-1.0, np.zeros(35)]}, 'pose_uncertain'),
    ({'length': 0.0}, 'pose_impossible'), ({'wrong': shift(4e27)}, 'pose_impossible'),
    ({'wrong': shift(20.0)}, 'pose_jump'), ({'frame': 'odom'}, 'pose_of_other_frame'),
    ({'child': 'base_footprint'}, 'pose_of_other_frame'),
    ({'beside_ns': (-8 * GAP_NS, 20 * GAP_NS)}, 'pose_gap')])
def test_a_pose_that_is_not_believed_costs_its_frame_and_no_other(scene, changes, code):
    before = scene.status[-1]['refusals'].get(code, 0)
    time.sleep(10 * GAP_NS * 1e-9)
    assert seen(scene, **changes) == code
    assert scene.status[-1]['refusals'][code] > before
    time.sleep(20 * GAP_NS * 1e-9)
    assert seen(scene, child='base_link', covariance=np.diag([1e-3] * 6).reshape(-1)) == 'kept'


@pytest.mark.parametrize('days', [-1, 1])
def test_one_pose_of_another_day_spoils_no_other(scene, days):
    wrong_ns = days * 86_400 * 1_000_000_000
    assert seen(scene, beside_ns=(-GAP_NS, wrong_ns, GAP_NS)) == 'kept'
    assert seen(scene) == 'kept'


def test_where_the_poses_go_on_elsewhere_frames_are_kept_again_and_it_is_told(scene):
    answers = [seen(scene, wrong=shift(30.0)) for _ in range(5)]
    assert answers[0] == 'pose_jump' and answers[-1] == 'kept'
    assert scene.status[-1]['pose_jumps'] == 1
