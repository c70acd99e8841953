# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A dataset player in a process of its own: camera, depth, odometry, tf and truth agree."""

import json
import math
import time

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from support.bystander import BEST_EFFORT, LATCHED
from support.small_recording import CAMERA, write_small_recording
from support.worlds.frame_folder import tear
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.ros.bridge.conversions import (
    camera_of_message,
    nanoseconds,
    pose_of_message,
    pose_of_transform,
)
from scene_reloc_ros.ros.bridge.images import depth_of_message, image_of_message
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
COUNT = 8
MOUNT = [0.1, 0.2, 0.3]


class Audience:
    """Everything that the player sends, by stamp."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.images = bystander.listen(Image, 'image', BEST_EFFORT)
        self.depths = bystander.listen(Image, 'depth', BEST_EFFORT)
        self.infos = bystander.listen(CameraInfo, 'camera_info', BEST_EFFORT)
        self.truths = bystander.listen(PoseStamped, '/dataset_player/truth')
        self.odometry = bystander.listen(Odometry, 'odom')
        self.tf = bystander.listen(TFMessage, '/tf', convert=lambda m: m.transforms)
        self.tf_static = bystander.listen(TFMessage, '/tf_static', LATCHED)
        self.finished = bystander.listen(Bool, '/dataset_player/finished', LATCHED)
        self.status = bystander.listen_json('/dataset_player/status')

    def play(self, **parameters):
        """Set parameters, play to the end and return the answer of ~/play."""
        request = [Parameter(name, value=value).to_parameter_msg()
                   for name, value in parameters.items()]
        results = self.bystander.call(
            SetParameters, '/dataset_player/set_parameters', parameters=request).results
        assert all(result.successful for result in results), results
        for messages in (self.images, self.depths, self.truths, self.odometry, self.tf,
                         self.finished, self.status):
            messages.clear()
        answer = self.bystander.call(Trigger, '/dataset_player/play')
        if answer.success:
            self.bystander.until(lambda: self.finished and self.finished[-1].data, 'the end')
            self.bystander.until(lambda: self.status[-1]['state'] == 'finished', 'the word')
        return answer

    def transforms(self, parent, child):
        """Return {stamp: pose} of the transforms between two frames."""
        return {nanoseconds(t.header.stamp): pose_of_transform(t.transform)
                for group in self.tf for t in group
                if (t.header.frame_id, t.child_frame_id) == (parent, child)}


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    """Return folder and frames of a small recording."""
    folder = tmp_path_factory.mktemp('recording')
    return folder, write_small_recording(folder, COUNT)


@pytest.fixture(scope='module')
def audience(start_node, bystander, recording):
    """Start a player of the recording, and those who listen to it."""
    start_node('scene_reloc_ros.ros.dataset_player.node', {
        'sequence': str(recording[0]), 'rate': 50.0, 'camera_position': str(MOUNT),
        'odometry_drift_translation': 0.0, 'odometry_drift_rotation': 0.0})
    return Audience(bystander)


def test_every_frame_comes_as_image_camera_info_depth_and_truth_of_one_stamp(
        audience, recording):
    assert audience.play(publish_map_to_odom=True).success
    audience.bystander.until(lambda: len(audience.images) == COUNT == len(audience.depths), 'all')
    stamps = [nanoseconds(m.header.stamp) for m in audience.images]
    assert stamps == [nanoseconds(m.header.stamp) for m in audience.truths]
    assert stamps == [nanoseconds(m.header.stamp) for m in audience.depths]
    assert camera_of_message(audience.infos[-1]) == CAMERA
    for frame, image, depth, truth in zip(
            recording[1], audience.images, audience.depths, audience.truths):
        np.testing.assert_array_equal(image_of_message(image), frame.image)
        np.testing.assert_allclose(depth_of_message(depth), frame.depth_m, atol=1e-3)
        np.testing.assert_allclose(pose_of_message(truth.pose), frame.map_from_cam, atol=1e-6)
        assert (image.header.frame_id, truth.header.frame_id) == ('camera_optical_frame', 'map')


def test_the_tree_of_tf_leads_from_map_to_the_true_camera(audience, recording):
    audience.play(publish_map_to_odom=True)
    base_from_cam = pose_of_transform(audience.tf_static[-1].transforms[0].transform)
    np.testing.assert_allclose(
        base_from_cam, pose_of_rpy(MOUNT, (-math.pi / 2, 0, -math.pi / 2)), atol=1e-9)
    corrections, motion = audience.transforms('map', 'odom'), audience.transforms('odom',
                                                                                  'base_link')
    stamps = [nanoseconds(m.header.stamp) for m in audience.truths]
    assert list(motion) == stamps == list(corrections)
    for stamp, frame in zip(stamps, recording[1]):
        np.testing.assert_allclose(corrections[stamp] @ motion[stamp] @ base_from_cam,
                                   frame.map_from_cam, atol=1e-6)


def test_a_kidnapped_robot_has_true_motion_from_another_start_and_no_map(audience, recording):
    audience.play(publish_map_to_odom=False, odometry_start=[-7.0, 4.0, 0.0, 130.0])
    assert audience.transforms('map', 'odom') == {}
    poses = [pose_of_message(m.pose.pose) for m in audience.odometry]
    np.testing.assert_allclose(
        poses[0], pose_of_rpy((-7.0, 4.0, 0.0), (0, 0, math.radians(130))), atol=1e-9)
    np.testing.assert_allclose(list(audience.transforms('odom', 'base_link').values()), poses)
    moved = [np.linalg.norm(after[:3, 3] - before[:3, 3])
             for before, after in zip(poses, poses[1:])]
    base_from_cam = pose_of_rpy(MOUNT, (-math.pi / 2, 0, -math.pi / 2))
    bases = [f.map_from_cam @ np.linalg.inv(base_from_cam) for f in recording[1]]
    true = [np.linalg.norm(b[:3, 3] - a[:3, 3]) for a, b in zip(bases, bases[1:])]
    np.testing.assert_allclose(moved, true, atol=1e-6)


def test_recorded_stamps_are_kept_and_frames_are_chosen(audience, recording, tmp_path):
    names = tmp_path / 'frames.txt'
    sequence_names = audience.play(stamps='recorded', first=1, step=3, count=2)
    assert sequence_names.message.startswith('playing 2 frames')
    stamps = [nanoseconds(m.header.stamp) for m in audience.truths]
    assert stamps == [recording[1][1].stamp_ns, recording[1][4].stamp_ns]
    played = [s['name'] for s in audience.status if s['state'] == 'playing']
    names.write_text('\n'.join(reversed(played)) + '\n')
    audience.play(frames=str(names), first=0, step=1, count=0, stamps='now')
    assert [s['name'] for s in audience.status if s['state'] == 'playing'] == played[::-1]


def test_a_paced_player_waits_for_the_answer_to_each_frame(audience):
    answers = audience.bystander.node.create_publisher(String, '/slow/status', 10)
    answered = []

    def answer(message):
        answered.append(len(audience.truths))
        deadline = time.monotonic() + 4.0
        while not answers.get_subscription_count() and time.monotonic() < deadline:
            time.sleep(0.01)  # an answer before the player has matched would be lost
        fields = {'stamp_ns': nanoseconds(message.header.stamp)}
        answers.publish(String(data=json.dumps(fields)))
    listening = audience.bystander.node.create_subscription(Image, 'image', answer, 10)
    audience.play(frames='', pace_topic='/slow/status', pace_timeout=5.0, rate=200.0)
    assert audience.status[-1]['sentence'] == f'played {COUNT} frames, 0 of them unanswered'
    assert max(np.diff(answered)) <= 1
    audience.bystander.node.destroy_subscription(listening)
    audience.play(pace_topic='/dead/status', pace_timeout=0.02, count=3)
    assert audience.status[-1]['sentence'] == 'played 3 frames, 3 of them unanswered'


@pytest.mark.parametrize('name, value, reason', [
    ('sequence', '/no/such/folder', 'sequence folder /no/such/folder does not exist'),
    ('sequence', 'simulated:cellar', 'cellar'),
    ('frames', '/no/such/list', 'frame list /no/such/list'),
    ('frames', '/', 'frame list /')])
def test_a_data_set_that_is_not_there_is_refused_when_it_is_set(audience, name, value, reason):
    parameter = Parameter(name, value=value).to_parameter_msg()
    result = audience.bystander.call(
        SetParameters, '/dataset_player/set_parameters', parameters=[parameter]).results[0]
    assert not result.successful and reason in result.reason


def test_what_cannot_be_played_is_refused_in_a_sentence(audience, recording):
    answer = audience.play(pace_topic='', first=100)
    assert not answer.success and 'no frame of' in answer.message
    assert audience.play(first=0).success


def test_missing_subscribers_are_waited_for_and_then_named(audience):
    audience.play(wait_for_subscribers=5, wait_timeout=0.2)
    assert 'subscribers of image after 0 s, 5 are waited for' in audience.status[-1]['sentence']


def test_stop_ends_a_playback(audience):
    audience.bystander.call(SetParameters, '/dataset_player/set_parameters', parameters=[
        Parameter('wait_for_subscribers', value=0).to_parameter_msg(),
        Parameter('loop', value=True).to_parameter_msg(),
        Parameter('count', value=0).to_parameter_msg()])
    assert audience.bystander.call(Trigger, '/dataset_player/play').success
    assert 'already playing' in audience.bystander.call(Trigger, '/dataset_player/play').message
    assert audience.bystander.call(Trigger, '/dataset_player/stop').success
    assert not audience.bystander.call(Trigger, '/dataset_player/stop').success


def test_a_frame_that_cannot_be_read_is_left_out_and_named_at_the_end(audience, tmp_path):
    write_small_recording(tmp_path, COUNT)
    pictures = sorted((tmp_path / 'rgb').iterdir())
    tear(pictures[2])
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    lines[4] = f'{lines[4].split()[0]} nan nan nan 0 0 0 1'
    (tmp_path / 'groundtruth.txt').write_text('\n'.join(lines[:-1]))
    audience.play(sequence=str(tmp_path), loop=False)
    sentence = audience.status[-1]['sentence']
    assert sentence.startswith(f'played {COUNT - 3} frames') and pictures[2].name in sentence
    assert '2 of 8 frames left out, which cannot be read; 1 of 8 frames left out' in sentence
    tear(pictures[0])
    audience.play(loop=True)
    assert '3 of 8 frames cannot be read, more than a third' in audience.status[-1]['sentence']
