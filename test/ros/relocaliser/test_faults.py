# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Faults that a robot meets sooner or later: each is survived, said, and works again after it."""

import math
from pathlib import Path
import threading
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.srv import LoadMap
import numpy as np
import pytest
from std_msgs.msg import Header
from std_srvs.srv import Empty, Trigger
from support.places import EXACT_RELOCALISER
from support.robot import BASE_FROM_CAM, CAMERA, MAP_FROM_BASE, Robot
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import stamp_message, transform_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros
LARGER = Camera(128, 96, 120.0, 120.0, 63.5, 47.5)


@pytest.fixture(scope='module')
def maps(tmp_path_factory):
    """Return two files that the stand-in takes for maps."""
    folder = tmp_path_factory.mktemp('maps')
    for name in ('one.map', 'two.map'):
        (folder / name).write_text('map')
    return folder


@pytest.fixture(scope='module')
def robot(start_node, bystander, maps):
    """Start the relocaliser, and a robot for it."""
    process = start_node(EXACT_RELOCALISER, {
        'map': str(maps / 'one.map'), 'tf_wait': 0.2, 'image_timeout': 0.6, 'gate': False,
        'lost_after_frames': 100, 'odometry_gap_limit': 0.0, 'relocalise_timeout': 1.0})
    made = Robot(bystander)
    made.log = process.log
    return made


def works(robot):
    """Tell whether an image is believed again."""
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'accepted', 'a pose')
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    return True


def said(robot, words):
    """Return how many lines of the log have these words."""
    return sum(words in line for line in Path(robot.log).read_text().splitlines())


def test_a_camera_that_stops_is_said_once_and_comes_back(robot):
    assert works(robot)
    before = said(robot, 'no message on /image')
    begin = len(robot.status)
    robot.bystander.until(lambda: len([
        s for s in robot.status[begin:] if s['reason'] == 'no_image']) >= 2, 'two words on it')
    assert said(robot, 'no message on /image') - before == 1
    assert works(robot)
    assert [s['event'] for s in robot.status[begin:] if s['event']] == []  # never lost


def test_another_resolution_is_refused_until_camera_info_follows_and_costs_those_images(robot):
    assert works(robot)
    stamp_ns = robot.bystander.now_ns()
    message = CvBridge().cv2_to_imgmsg(np.zeros((96, 128), np.uint8), 'mono8', Header(
        frame_id='camera', stamp=stamp_message(stamp_ns)))
    robot.move(np.eye(4), stamp_ns)
    status = robot.answer(stamp_ns, lambda: robot.image.publish(message))
    assert status['reason'] == 'bad_image'
    assert '128x96' in status['sentence'] and '64x48' in status['sentence']
    robot.send_info(LARGER)  # and now the images are too small
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'bad_image', 'it')
    robot.send_info(CAMERA)
    assert works(robot)


def mount(robot, parent, child, pose):
    """Tell where the camera sits."""
    robot.tf_static.publish(TFMessage(transforms=[transform_message(pose, parent, child, 0)]))


def test_transforms_in_a_circle_are_named_and_do_not_stop_the_node(robot):
    assert works(robot)
    mount(robot, 'camera', 'base_link', np.eye(4))  # the camera hangs on base_link already
    status = robot.bystander.until(
        lambda: next((s for s in [robot.see(MAP_FROM_BASE, odom_from_base=None)]
                      if s['reason'] == 'no_camera_transform'), None), 'it')
    assert 'base_link' in status['sentence'] and 'check who publishes it' in status['sentence']
    mount(robot, 'base_link', 'camera', BASE_FROM_CAM)
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'accepted', 'a pose')


def test_a_camera_that_hangs_on_nothing_is_named_until_it_is_mounted(robot):
    assert works(robot)
    stamp_ns = robot.bystander.now_ns()
    message = Robot.picture(MAP_FROM_BASE, stamp_ns)
    message.header.frame_id = 'camera_of_nobody'
    status = robot.answer(stamp_ns, lambda: robot.image.publish(message))
    assert status['reason'] == 'no_camera_transform'
    assert 'camera_of_nobody' in status['sentence']
    assert works(robot)


def load(robot, path):
    """Ask for a map; return the result."""
    return robot.bystander.call(LoadMap, '/relocaliser/load_map', map_url=str(path)).result


def test_a_map_file_that_is_removed_or_cut_costs_nothing_until_another_is_asked_for(
        robot, maps, tmp_path):
    assert works(robot)
    gone = tmp_path / 'gone.map'
    gone.write_text('map')
    assert load(robot, gone) == LoadMap.Response.RESULT_SUCCESS
    gone.unlink()
    assert works(robot) and robot.status[-1]['map'] == str(gone)
    assert load(robot, gone) == LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST
    gone.write_text('broken')
    assert load(robot, gone) == LoadMap.Response.RESULT_INVALID_MAP_DATA
    assert works(robot) and robot.status[-1]['map'] == str(gone)
    assert load(robot, maps / 'one.map') == LoadMap.Response.RESULT_SUCCESS
    assert works(robot)


def test_maps_that_are_swapped_while_images_come_leave_no_pose_of_the_old_one(robot, maps):
    assert works(robot)
    over = threading.Event()

    def go_on():
        while not over.wait(0.02):
            stamp_ns = robot.bystander.now_ns()
            robot.move(np.eye(4), stamp_ns)
            robot.image.publish(Robot.picture(MAP_FROM_BASE, stamp_ns))
    images = threading.Thread(target=go_on, daemon=True)
    begin = len(robot.status)
    images.start()
    try:
        for number in range(12):
            path = maps / ('two.map', 'one.map')[number % 2]
            assert load(robot, path) == LoadMap.Response.RESULT_SUCCESS
    finally:
        over.set()
        images.join(5)
    assert works(robot)
    loaded = None
    for status in robot.status[begin:]:
        if status['reason'] == 'map_loaded':
            loaded = status['map']
            assert status['state'] == 'searching'
        elif loaded is not None and status['image_map']:  # an image that a map was asked for
            assert status['map'] == loaded, status
    assert loaded == str(maps / 'one.map') and said(robot, 'failed:') == 0


@pytest.mark.parametrize('away, back', [
    (('DEACTIVATE',), ('ACTIVATE',)),
    (('DEACTIVATE', 'CLEANUP'), ('CONFIGURE', 'ACTIVATE'))])
def test_services_in_the_wrong_state_are_answered_and_harm_nothing(robot, maps, away, back):
    assert works(robot)
    for transition in away:
        assert change(robot, transition)
    answer = robot.bystander.call(Trigger, '/relocaliser/relocalise')
    assert not answer.success and 'activate it' in answer.message
    robot.bystander.call(Empty, '/reinitialize_global_localization')
    load(robot, maps / 'one.map')
    assert load(robot, maps / 'none.map') == LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST
    assert not change(robot, away[-1])  # it is so already
    for transition in back:
        assert change(robot, transition)
    robot.announce()
    assert works(robot) and said(robot, 'internal error') == 0


def change(robot, transition):
    """Ask for a transition and return whether it succeeded."""
    request = Transition(id=getattr(Transition, f'TRANSITION_{transition}'))
    return robot.bystander.call(
        ChangeState, '/relocaliser/change_state', transition=request).success


def test_relocalise_is_asked_by_several_at_once_and_each_gets_an_answer(robot):
    assert works(robot)
    client = robot.bystander.node.create_client(Trigger, '/relocaliser/relocalise')
    futures = [client.call_async(Trigger.Request()) for _ in range(3)]
    while not all(future.done() for future in futures):
        robot.see(MAP_FROM_BASE)
        time.sleep(0.02)
    assert [future.result().success for future in futures] == [True] * 3
    assert works(robot)
    assert not math.isnan(robot.status[-1]['delay_ms'])
