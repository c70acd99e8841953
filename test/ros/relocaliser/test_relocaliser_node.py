# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser in a process of its own: what it sends on its topics, seen from outside."""

import math
import time

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.srv import LoadMap
import numpy as np
import pytest
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header
from std_srvs.srv import Empty, Trigger
from support.exact_relocaliser import (
    COVARIANCE,
    image_with_pose,
    INLIER_POINTS,
    NOTICE,
    SHOWS_CAMERA,
)
from support.places import EXACT_RELOCALISER
from support.robot import BASE_FROM_CAM, CAMERA, MAP_FROM_BASE, ODOM_FROM_BASE, Robot

from scene_reloc_ros.ros.bridge.conversions import (
    nanoseconds,
    pose_of_message,
    pose_of_transform,
    stamp_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros
TOLERANCE_NS = 100_000_000


@pytest.fixture(scope='module')
def map_file(tmp_path_factory):
    """Return a file that the stand-in takes for a map."""
    path = tmp_path_factory.mktemp('map') / 'map file.safetensors'
    path.write_text('map')
    return path


@pytest.fixture(scope='module')
def robot(start_node, bystander, map_file):
    """Start the relocaliser with a map, and a robot for it."""
    start_node(EXACT_RELOCALISER, {
        'map': f'"{map_file}"', 'lost_after_frames': 3, 'relocalise_timeout': 1.0,
        'image_timeout': 1.0, 'tf_wait': 0.3, 'gate': False,
        'qos_overrides./image.subscription.depth': 7})
    return Robot(bystander)


def test_the_transform_on_tf_places_the_robot_where_it_is_at_the_stamp_of_the_image(robot):
    status = robot.see(MAP_FROM_BASE)
    assert (status['state'], status['reason'], status['inliers']) == ('localised', 'accepted', 2)
    stamp_ns = status['map_to_odom_stamp_ns']
    sent = robot.bystander.until(
        lambda: next((t for t in robot.corrections()
                      if nanoseconds(t.header.stamp) == stamp_ns), None), 'the transform')
    assert (sent.header.frame_id, sent.child_frame_id) == ('map', 'odom')
    np.testing.assert_allclose(pose_of_transform(sent.transform) @ ODOM_FROM_BASE, MAP_FROM_BASE,
                               atol=1e-9)


def test_the_transform_is_broadcast_again_stamped_into_the_future(robot):
    robot.see(MAP_FROM_BASE)
    begin, begin_ns = len(robot.transforms), robot.bystander.now_ns()
    robot.bystander.until(lambda: len(robot.transforms) > begin + 15, 'the rebroadcast')
    stamps = [nanoseconds(t.header.stamp) for t in robot.corrections()[-10:]]
    assert stamps == sorted(stamps)
    assert stamps[-1] > begin_ns + TOLERANCE_NS
    assert 0.3e9 < robot.bystander.now_ns() - begin_ns < 5e9


def test_the_pose_has_the_stamp_of_the_image_and_is_that_of_the_robot(robot):
    status = robot.see(MAP_FROM_BASE)
    robot.bystander.until(
        lambda: robot.poses and nanoseconds(robot.poses[-1].header.stamp) == status['stamp_ns'],
        'the pose')
    message = robot.poses[-1]
    assert message.header.frame_id == 'map'
    np.testing.assert_allclose(pose_of_message(message.pose.pose), MAP_FROM_BASE, atol=1e-9)
    covariance = message.pose.covariance.reshape(6, 6)
    offset = MAP_FROM_BASE[:3, 3] - (MAP_FROM_BASE @ BASE_FROM_CAM)[:3, 3]
    np.testing.assert_allclose(covariance[3:, 3:], COVARIANCE[3:, 3:], atol=1e-12)
    x, y, z = offset  # a turn about y moves x by z, one about z moves it by -y
    assert covariance[0, 0] == pytest.approx(1e-4 + 5e-6 * z ** 2 + 6e-6 * y ** 2)


def test_odometry_that_comes_after_the_image_is_waited_for(robot):
    status = robot.see(MAP_FROM_BASE, late=True)
    assert status['reason'] == 'accepted'
    assert status['delay_ms'] > 40


def test_missing_odometry_is_named_and_the_pose_still_comes(robot):
    poses = len(robot.poses)
    status = robot.see(MAP_FROM_BASE, odom_from_base=None)
    assert status['reason'] == 'no_odometry'
    assert 'no transform from odom to base_link at the stamp' in status['sentence']
    assert status['map_to_odom_stamp_ns'] is None
    robot.bystander.until(lambda: len(robot.poses) > poses, 'the pose')


def test_a_refused_frame_publishes_no_pose_and_many_make_the_robot_lost(robot):
    status = robot.see(MAP_FROM_BASE)
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    robot.bystander.until(
        lambda: robot.poses and nanoseconds(robot.poses[-1].header.stamp) == status['stamp_ns'],
        'the pose')  # the status may overtake it
    poses = len(robot.poses)
    states = [robot.see(None)['state'] for _ in range(3)]
    assert states == ['localised', 'localised', 'lost']
    assert robot.see(None)['reason'] == 'too_few_inliers'
    robot.bystander.until(lambda: not robot.ready[-1].data, 'not ready')
    time.sleep(0.2)
    sent = len(robot.corrections())
    time.sleep(0.3)
    assert len(robot.corrections()) == sent
    assert len(robot.poses) == poses


@pytest.mark.parametrize('encoding, sentence', [
    ('bayer_rggb8', 'raw Bayer data; run image_proc'), ('jpeg2000', 'is not supported; send one'),
    ('bgr8', '64x48 bgr8 needs rows of 192 bytes')])
def test_an_image_that_cannot_be_read_is_answered_by_a_sentence(robot, encoding, sentence):
    status = robot.see(MAP_FROM_BASE, encoding=encoding)
    assert status['reason'] == 'bad_image'
    assert sentence in status['sentence']


def test_nan_in_camera_info_is_answered_by_a_sentence_until_it_is_repaired(robot):
    broken = CAMERA.matrix.reshape(-1)
    broken[0] = math.nan
    robot.send_info(CAMERA, k=broken)
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'bad_camera_info', 'it')
    assert 'NaN or Inf' in robot.status[-1]['sentence']
    reports = robot.bystander.listen(DiagnosticArray, '/diagnostics')
    robot.bystander.until(lambda: reports and 'NaN' in reports[-1].status[0].message, 'diagnosis')
    robot.send_info(CAMERA)
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'accepted', 'repair')


def test_inliers_and_picture_come_when_somebody_listens(robot):
    clouds = robot.bystander.listen(PointCloud2, '/relocaliser/inliers')
    pictures = robot.bystander.listen(Image, '/relocaliser/debug_image')
    robot.bystander.until(lambda: robot.see(MAP_FROM_BASE) and clouds and pictures, 'both')
    points = np.frombuffer(clouds[-1].data, np.float32).reshape(-1, 3)
    np.testing.assert_array_equal(points, INLIER_POINTS)
    assert clouds[-1].header.frame_id == 'map'
    assert pictures[-1].encoding == 'bgr8'
    assert pictures[-1].header.frame_id == 'camera'


def test_relocalise_answers_after_it_is_true(robot):
    client = robot.bystander.node.create_client(Trigger, '/relocaliser/relocalise')
    future = client.call_async(Trigger.Request())
    while not future.done():
        robot.see(None if len(robot.status) % 2 else MAP_FROM_BASE)
    assert future.result().success
    assert 'localised after' in future.result().message
    assert 'standard deviation' in future.result().message


def test_relocalise_answers_no_when_nothing_was_found(robot):
    client = robot.bystander.node.create_client(Trigger, '/relocaliser/relocalise')
    future = client.call_async(Trigger.Request())
    while not future.done():
        robot.see(None)
    assert not future.result().success
    assert 'not localised after' in future.result().message
    assert 'Too few of the image points' in future.result().message


def test_reinitialise_forgets_the_pose(robot):
    robot.see(MAP_FROM_BASE)
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    robot.bystander.call(Empty, '/reinitialize_global_localization')
    robot.bystander.until(lambda: not robot.ready[-1].data, 'not ready')


def test_load_map_tells_a_missing_file_from_a_broken_one_and_keeps_the_old_map(
        robot, map_file, tmp_path):
    broken = tmp_path / 'broken.safetensors'
    broken.write_text('broken')
    load = {str(broken): LoadMap.Response.RESULT_INVALID_MAP_DATA,
            str(tmp_path / 'none'): LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST,
            'http://host/map': LoadMap.Response.RESULT_MAP_DOES_NOT_EXIST,
            map_file.as_uri(): LoadMap.Response.RESULT_SUCCESS}
    for url, result in load.items():
        assert robot.bystander.call(
            LoadMap, '/relocaliser/load_map', map_url=url).result == result
    assert robot.see(MAP_FROM_BASE)['map'] == str(map_file)


def test_silence_of_the_camera_is_explained(robot):
    begin = len(robot.status)
    robot.bystander.until(
        lambda: [s for s in robot.status[begin:] if s['reason'] == 'no_image'], 'the complaint')
    assert 'no message on /image for' in robot.status[-1]['sentence']
    assert 'bystander publishes it' in robot.status[-1]['sentence']


def test_several_images_that_go_back_in_time_reset_transforms_and_pose(robot):
    robot.see(MAP_FROM_BASE)
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    message = CvBridge().cv2_to_imgmsg(image_with_pose(None), 'mono8', Header(frame_id='camera'))
    states = []
    for stamp_ns in (5_000_000_000, 5_100_000_000, 5_200_000_000):
        message.header.stamp = stamp_message(stamp_ns)
        states.append(robot.answer(stamp_ns, lambda: robot.image.publish(message))['state'])
    assert states == ['localised', 'localised', 'searching']
    robot.bystander.until(lambda: not robot.ready[-1].data, 'not ready')


def test_what_the_images_show_of_the_camera_is_said_in_status_and_diagnostics(robot):
    """The last test of the module: what is known of the camera stays."""
    assert robot.see(MAP_FROM_BASE)['camera'] is None
    image = image_with_pose(MAP_FROM_BASE @ BASE_FROM_CAM)
    image[-1, -1] = SHOWS_CAMERA
    stamp_ns = robot.bystander.now_ns()
    robot.move(ODOM_FROM_BASE, stamp_ns)
    message = CvBridge().cv2_to_imgmsg(image, 'mono8', Header(
        frame_id='camera', stamp=stamp_message(stamp_ns)))
    diagnostics = robot.bystander.listen(DiagnosticArray, '/diagnostics')
    robot.bystander.until(
        lambda: any(NOTICE in (status['camera'] or '') for status in robot.status),
        'the sentence on the camera', send=lambda: robot.image.publish(message))
    robot.bystander.until(
        lambda: any(NOTICE in status.message for array in diagnostics for status in array.status),
        'the warning on /diagnostics')
