# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser with two cameras, over real topics: one problem, and one camera if need be."""

from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from support.bystander import BEST_EFFORT, LATCHED
from support.exact_scene import CAMERA
from support.places import SUPPORT
from support.robots.box_relocaliser import picture_of
from support.worlds.box_room import place, Poverty
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    nanoseconds,
    pose_of_message,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.sight.options import RigCameraParameters
from scene_reloc_ros.ros.relocaliser.sight.rig_input import topics_of

MAP_FROM_BASE, ODOM_FROM_BASE = place(0.4, -0.7, 0.8), place(5.0, 3.0, 0.3)
MOUNTS = {'front': place(0.1, 0.2, 0.0), 'left': place(-0.1, 0.1, 1.6)}  # base_from_cam
TOPICS = {'front': ('/front/image_raw', '/front/camera_info'), 'left': ('/side/rgb', '/side/info')}
FAIR = Poverty(2.0, 0.4)
SMALL_MS = 1_000_000


class RiggedRobot:
    """Two cameras and odometry, and what the relocaliser says."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.images = {name: bystander.publisher(Image, topics[0], BEST_EFFORT)
                       for name, topics in TOPICS.items()}
        self.infos = {name: bystander.publisher(CameraInfo, topics[1], BEST_EFFORT)
                      for name, topics in TOPICS.items()}
        self.tf = bystander.publisher(TFMessage, '/tf')
        self.tf_static = bystander.publisher(TFMessage, '/tf_static', LATCHED)
        self.status = bystander.listen_json('/relocaliser/status')
        self.poses = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/pose')
        self.reports = bystander.listen(DiagnosticArray, '/diagnostics')

    def mount(self, *names):
        """Tell where some cameras sit."""
        self.tf_static.publish(TFMessage(transforms=[
            transform_message(MOUNTS[name], 'base_link', f'{name}_optical', 0)
            for name in names]))

    def see(self, apart_ms=0, **poverties):
        """Return the status for an instant at which each camera sees as well as is said."""
        stamp_ns = self.bystander.now_ns()
        stamps = {name: stamp_ns + number * apart_ms * SMALL_MS
                  for number, name in enumerate(poverties)}

        def send():
            self.tf.publish(TFMessage(transforms=[
                transform_message(ODOM_FROM_BASE, 'odom', 'base_link', stamp_ns + later)
                for later in (0, 200 * SMALL_MS)]))
            for number, (name, poverty) in enumerate(poverties.items()):
                header = Header(stamp=stamp_message(stamps[name]), frame_id=f'{name}_optical')
                self.infos[name].publish(fill_camera_info(CameraInfo(header=header), CAMERA))
                self.images[name].publish(CvBridge().cv2_to_imgmsg(picture_of(
                    MAP_FROM_BASE @ MOUNTS[name], poverty, number + 1), 'mono8', header))
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=send)

    def pose_error(self):
        """Return metres and degrees of the newest pose of the robot."""
        self.bystander.until(lambda: self.poses, 'a pose')
        return pose_errors(pose_of_message(self.poses[-1].pose.pose), MAP_FROM_BASE)


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start the relocaliser in the box with two cameras; where the left one sits is not told."""
    path = tmp_path_factory.mktemp('map') / 'box.map'
    path.write_text('map')
    start_node(SUPPORT / 'robots' / 'box_relocaliser.py', {
        'map': f'"{path}"', 'cameras': '[front, left]', 'left.image_topic': '/side/rgb',
        'left.camera_info_topic': '/side/info', 'gate': False, 'image_timeout': 1.0,
        'tf_wait': 0.3, 'sequence_seconds': 0.0, 'stamp_age_limit': 60.0})
    robot = RiggedRobot(bystander)
    robot.mount('front')
    bystander.until(lambda: robot.see(front=FAIR)['reason'] == 'accepted', 'a pose')
    return robot


@pytest.mark.ros
def test_a_camera_whose_transform_never_comes_is_named_and_the_other_goes_on(robot):
    bystander = robot.bystander
    status = bystander.until(lambda: next(
        (s for s in [robot.see(front=FAIR, left=FAIR)] if s['cameras']['left']), None), 'the name')
    assert status['reason'] == 'accepted' and status['joined'] is None
    assert 'no transform from base_link to left_optical' in status['cameras']['left']
    assert status['cameras']['front'] is None
    bystander.until(lambda: robot.see(front=FAIR, left=FAIR) and any(
        one.level == DiagnosticStatus.WARN and 'left_optical' in one.message
        for array in robot.reports for one in array.status), 'the warning on /diagnostics')


@pytest.mark.ros
def test_what_two_cameras_see_at_one_instant_is_one_problem(robot):
    robot.mount('front', 'left')
    status = robot.bystander.until(lambda: next(
        (s for s in [robot.see(front=FAIR, left=FAIR)] if s['joined']), None), 'both cameras')
    assert status['reason'] == 'accepted' and status['cells'] == 2 * 4800
    assert status['joined'] == {'frames': 1, 'images': 2, 'seconds': 0.0}
    assert status['cameras'] == {'front': None, 'left': None}
    found = robot.bystander.until(lambda: next(
        (one for one in robot.poses
         if nanoseconds(one.header.stamp) == status['stamp_ns']), None), 'the pose')
    metres, degrees = pose_errors(pose_of_message(found.pose.pose), MAP_FROM_BASE)
    assert metres < 0.02 and degrees < 0.3


@pytest.mark.ros
def test_an_instant_that_one_camera_alone_cannot_tell_is_told_by_both(robot):
    poor = Poverty(2.0, 0.05)
    assert robot.see(front=poor)['reason'] != 'accepted'
    status = robot.bystander.until(lambda: next(
        (s for s in [robot.see(front=poor, left=FAIR)] if s['joined']), None), 'both cameras')
    assert status['reason'] == 'accepted' and status['joined']['images'] == 2


@pytest.mark.ros
def test_images_that_are_further_apart_than_the_slop_are_not_joined(robot):
    status = robot.see(apart_ms=40, front=FAIR, left=FAIR)
    assert status['reason'] == 'accepted' and status['joined'] is None


@pytest.mark.ros
def test_a_camera_that_falls_silent_is_named_and_the_others_go_on(robot):
    status = robot.bystander.until(lambda: next(
        (s for s in [robot.see(front=FAIR)] if s['cameras']['left']), None), 'the complaint')
    assert 'no message on /side/rgb for' in status['cameras']['left']
    assert status['reason'] == 'accepted' and status['joined'] is None
    metres, _ = robot.pose_error()
    assert metres < 0.05


@pytest.mark.ros
def test_the_first_camera_may_be_the_one_that_is_missing(robot):
    status = robot.bystander.until(lambda: next(
        (s for s in [robot.see(left=FAIR)] if s['cameras']['front']), None), 'the complaint')
    assert '/front/image_raw' in status['cameras']['front']
    assert status['reason'] == 'accepted'
    metres, _ = robot.pose_error()
    assert metres < 0.05


@pytest.mark.parametrize(('cameras', 'sentence'), [
    (('front', 'front'), 'expected different names'), (('2nd',), "the name '2nd'"),
    (('front', ''), "the name ''"), (('left camera',), "the name 'left camera'"),
    (('map',), "the name 'map', which is that of a parameter"),
    (tuple(f'c{number}' for number in range(17)), 'at most 16')])
def test_names_that_can_be_no_cameras_are_refused(cameras, sentence):
    with pytest.raises(ValueError, match=sentence):
        RelocaliserOptions(cameras=cameras)


@pytest.mark.parametrize('cameras', [(), ('',)])
def test_no_name_is_one_camera(cameras):
    assert RelocaliserOptions(cameras=cameras).rig == ()
    assert RelocaliserOptions(cameras=('front', 'left')).rig == ('front', 'left')


@pytest.mark.parametrize(('given', 'image', 'info', 'depth'), [
    ({}, 'left/image_raw', 'left/camera_info', None),
    ({'image_topic': '/cam/color/image_raw'}, '/cam/color/image_raw', '/cam/color/camera_info',
     None),
    ({'image_topic': 'picture', 'depth_topic': 'deep'}, 'picture', 'camera_info', 'deep'),
    ({'camera_info_topic': '/info'}, 'left/image_raw', '/info', None)])
def test_topics_of_a_camera_are_named_after_it_or_given(given, image, info, depth):
    topics = topics_of('left', RigCameraParameters(**given), RelocaliserOptions(use_depth=True))
    assert (topics.image, topics.camera_info) == ((Image, image), info)
    assert topics.depth == (None if depth is None else (Image, depth))
    assert topics_of('left', RigCameraParameters(**given), RelocaliserOptions()).depth is None


def test_the_pose_of_a_rig_without_odometry_is_that_of_its_base():
    """Its cameras have a parent on /tf already."""
    found = Localisation(np.eye(4), np.eye(6), None, '', 0, 0, np.zeros((0, 2)), np.zeros((0, 3)),
                         0.0, 1.0, '', '')
    outcome = Outcome(1, None, '', 'front_optical', localisation=found,
                      map_from_base=MAP_FROM_BASE, base_covariance=2 * np.eye(6))
    assert outcome.tracked[2] == 'front_optical'
    pose, covariance, frame = replace(outcome, rig_frame='base_link').tracked
    assert frame == 'base_link' and np.array_equal(pose, MAP_FROM_BASE)
    assert np.array_equal(covariance, 2 * np.eye(6))
