# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser that follows a mapper: maps of one recording leave its pose, others do not."""

from nav_msgs.srv import LoadMap
import pytest
from support.places import SUPPORT
from support.robot import MAP_FROM_BASE, Robot

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def maps(tmp_path_factory):
    """Return the files of two maps of one recording, and of one of another."""
    folder = tmp_path_factory.mktemp('maps')
    for name, session in (('instant', 'ab12'), ('trained', 'ab12'), ('other', 'cd34')):
        (folder / name).write_text(f'of {session}')
    return folder


@pytest.fixture(scope='module')
def robot(start_node, bystander, maps):
    """Start a relocaliser that localises in the instant map."""
    start_node(SUPPORT / 'exact_relocaliser.py', {
        'map': str(maps / 'instant'), 'tf_wait': 0.3, 'lost_after_frames': 3})
    return Robot(bystander)


def swap(robot, path):
    """Load a map and return the status that tells of it, and the newest ~/ready."""
    begin = len(robot.status)
    answer = robot.bystander.call(LoadMap, '/relocaliser/load_map', map_url=str(path))
    assert answer.result == LoadMap.Response.RESULT_SUCCESS
    return robot.bystander.until(lambda: next(
        (s for s in robot.status[begin:] if s['reason'] == 'map_loaded'), None), 'the swap')


def test_a_map_of_the_same_recording_keeps_the_pose_and_confirms_it(robot, maps):
    for _ in range(4):
        robot.see(MAP_FROM_BASE)
    robot.bystander.until(lambda: robot.ready[-1].data, '~/ready')
    count, ready = len(robot.corrections()), len(robot.ready)
    told = swap(robot, maps / 'trained')
    assert told['state'] == 'localised' and 'the pose is kept' in told['sentence']
    assert told['map'].endswith('trained')
    robot.bystander.until(lambda: len(robot.corrections()) > count + 2, 'corrections')
    status = robot.see(MAP_FROM_BASE)
    assert status['reason'] == 'accepted' and 'agrees with odometry' in status['sentence']
    assert len(robot.ready) == ready


def test_a_map_of_the_same_recording_can_deny_the_pose(robot, maps):
    swap(robot, maps / 'instant')
    elsewhere = MAP_FROM_BASE.copy()
    elsewhere[:3, 3] += 3.0
    assert robot.see(elsewhere)['reason'] == 'disagrees_with_odometry'
    answers = [robot.see(elsewhere) for _ in range(2)]
    assert answers[-1]['event'] == 'jump'


def test_another_map_forgets_the_pose(robot, maps):
    told = swap(robot, maps / 'other')
    assert told['state'] == 'searching' and 'the pose is forgotten' in told['sentence']
    robot.bystander.until(lambda: not robot.ready[-1].data, '~/ready')
