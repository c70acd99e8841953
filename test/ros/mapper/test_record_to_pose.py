# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From recording to a pose, over DDS: found while it is recorded, trained, and never forgotten."""

from pathlib import Path

import numpy as np
import pytest
from support.robots.surveyor import Surveyor, TRAINED_S
from support.worlds.wall import wall_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence

pytestmark = [pytest.mark.ros, pytest.mark.slow]
COUNT = 14


@pytest.fixture(scope='module')
def frames():
    """Return exact frames along a wall, more than 5 cm apart."""
    return wall_frames(COUNT)


@pytest.fixture(scope='module')
def robot(start_node, bystander, frames, tmp_path_factory):
    """Start a mapper and a relocaliser that follows its maps; a wall is no rich scene."""
    start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(tmp_path_factory.mktemp('mapper')), 'use_depth': True, 'tf_wait': 0.3,
        'method': 'cells', 'preset': 'fast', 'minutes': 30.0, 'instant_map': 1.0,
        'niceness': 0})
    start_node('scene_reloc_ros.ros.relocaliser.node', {
        'map_ready_topic': '/mapper/map_ready', 'base_frame': 'camera', 'publish_tf': False,
        'tf_wait': 0.3, 'accept_within': 0.5, 'accept_angle': 20.0, 'accept_probability': 0.5})
    robot = Surveyor(bystander, frames[0], nodes=2)
    yield robot
    robot.close()


def refused(robot, name, sentence):
    """Tell whether a call is refused with words."""
    answer = robot.call(name)
    return not answer.success and sentence in answer.message


def test_calls_in_a_wrong_order_are_refused_by_a_sentence(robot):
    assert refused(robot, 'stop', 'not recording; call ~/start first')
    assert refused(robot, 'cancel', 'no training is running')
    assert refused(robot, 'discard', 'there is no session to discard')
    assert refused(robot, 'resume', 'there are no recordings in')
    assert refused(robot, 'train', 'the session has no key frames: call ~/start')
    assert 'there are no recordings' in robot.call('recordings').message


def test_while_it_records_the_instant_map_finds_the_robot(robot, frames):
    assert robot.call('start').success
    for frame in frames:
        robot.drive(frame)
    robot.until(lambda: robot.maps and robot.mapper[-1]['instant_map'] == COUNT,
                'an instant map of all')
    robot.until(lambda: robot.ready and robot.ready[-1], 'the first pose')
    assert robot.mapper[-1]['state'] == 'recording'
    assert robot.maps[-1].endswith('.instant.safetensors')
    assert refused(robot, 'start', f'already recording, {COUNT} key frames so far')
    assert robot.found[-1]['map'] == robot.maps[-1]


def test_a_training_is_cancelled_and_nothing_is_lost(robot):
    assert robot.call('stop').success
    assert robot.call('train').success
    assert refused(robot, 'train', 'a training is running; wait for it or call ~/cancel')
    assert refused(robot, 'resume', 'a training is running')
    answer = robot.call('cancel')
    assert answer.success and f'{COUNT} key frames are kept' in answer.message
    assert refused(robot, 'cancel', 'no training is running')
    assert f'({COUNT} key frames, no map)' in robot.call('recordings').message


def test_the_trained_map_takes_the_place_of_the_instant_one_and_the_pose_stays(robot, frames):
    recording = robot.mapper[-1]['recording']
    instant, ready, begin = robot.maps[-1], len(robot.ready), len(robot.found)
    assert robot.ready[-1]
    assert robot.call('train').success
    robot.until(lambda: robot.maps[-1] != instant, 'the trained map', TRAINED_S)
    trained = robot.maps[-1]
    assert trained == f'{Path(recording).parents[1]}/maps/{Path(recording).name}.safetensors'
    assert not Path(instant).exists()
    told = robot.until(lambda: next((s for s in robot.found[begin:] if s['map'] == trained
                                     and s['reason'] == 'map_loaded'), None), 'the swap')
    assert 'the pose is kept' in told['sentence'] and told['state'] == 'localised'
    after = robot.until(lambda: next((s for s in robot.found[begin:] if s['map'] == trained
                                      and s['reason'] == 'accepted'), None), 'an answer')
    assert 'agrees with odometry' in after['sentence']
    assert len(robot.ready) == ready and all(s['event'] != 'lost' for s in robot.found[begin:])
    poses = [open_sequence(recording).map_from_cam(index) for index in range(COUNT)]
    np.testing.assert_allclose(poses, [frame.map_from_cam for frame in frames], atol=1e-6)
