# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser on a drive of poor pictures, over real topics: joined while odometry is whole."""

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Header
from support.bystander import BEST_EFFORT, LATCHED
from support.exact_scene import CAMERA
from support.places import SUPPORT
from support.robots.box_relocaliser import picture_of
from support.worlds.box_room import place, Poverty, walk
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.ros.bridge.conversions import (
    fill_camera_info,
    nanoseconds,
    pose_of_message,
    stamp_message,
    transform_message,
)
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros
BASE_FROM_CAM = place(0.1, 0.2, 0.3)
ODOM_FROM_MAP = place(7.0, -3.0, 0.5)
POOR, GOOD = Poverty(3.0, 0.13), Poverty(1.0, 0.8)


class DrivenRobot:
    """A camera on a robot that drives through the box, with odometry without fault."""

    def __init__(self, bystander):
        self.bystander = bystander
        self.image = bystander.publisher(Image, 'image', BEST_EFFORT)
        self.info = bystander.publisher(CameraInfo, 'camera_info', BEST_EFFORT)
        self.tracking = bystander.publisher(Bool, 'tracking_ok')
        self.tf = bystander.publisher(TFMessage, '/tf')
        self.tf_static = bystander.publisher(TFMessage, '/tf_static', LATCHED)
        self.status = bystander.listen_json('/relocaliser/status')
        self.poses = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/pose')
        bystander.until(lambda: self.see(place(), GOOD)['reason'] == 'accepted', 'a pose')

    def see(self, map_from_cam, poverty, seed=0):
        """Return the status for a picture taken now."""
        stamp_ns = self.bystander.now_ns()
        header = Header(stamp=stamp_message(stamp_ns), frame_id='camera')
        message = CvBridge().cv2_to_imgmsg(
            picture_of(map_from_cam, poverty, seed), 'mono8', header)
        odom_from_base = ODOM_FROM_MAP @ map_from_cam @ np.linalg.inv(BASE_FROM_CAM)

        def send():
            self.tf_static.publish(TFMessage(transforms=[
                transform_message(BASE_FROM_CAM, 'base_link', 'camera', 0)]))
            self.tf.publish(TFMessage(transforms=[
                transform_message(odom_from_base, 'odom', 'base_link', stamp_ns)]))
            self.info.publish(fill_camera_info(CameraInfo(header=header), CAMERA))
            self.image.publish(message)
        return self.bystander.until(
            lambda: next((s for s in self.status if s['stamp_ns'] == stamp_ns), None),
            f'the status for {stamp_ns}', send=send)

    def drive(self, begin=0, count=8, until_joined=True):
        """Return (status, pose) of poor pictures of a walk, up to the first joined answer."""
        told = []
        for number, pose in enumerate(walk(20)[begin:begin + count], begin):
            told.append((self.see(pose, POOR, number), pose))
            if until_joined and told[-1][0]['joined'] and told[-1][0]['reason'] == 'accepted':
                break
        return told


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start the relocaliser in the box, with odometry that drifts little."""
    path = tmp_path_factory.mktemp('map') / 'box.map'
    path.write_text('map')
    start_node(SUPPORT / 'robots' / 'box_relocaliser.py', {
        'map': f'"{path}"', 'gate': False, 'tf_wait': 0.3, 'sequence_seconds': 30.0,
        'odometry_drift': 0.02, 'odometry_turn_drift': 0.02, 'odometry_heading_drift': 0.3,
        'stamp_age_limit': 60.0, 'lost_after_frames': 100, 'odometry_turn_limit': 0.0,
        'odometry_speed_limit': 0.0})
    return DrivenRobot(bystander)


def test_a_good_image_is_answered_alone(robot):
    status = robot.see(place(), GOOD)
    assert status['reason'] == 'accepted' and status['joined'] is None
    assert status['cameras'] is None


def test_poor_images_of_a_drive_are_answered_together_and_rightly(robot):
    told = robot.drive()
    status, pose = told[-1]
    assert status['reason'] == 'accepted', [one['sentence'] for one, _ in told]
    assert all(one['reason'] != 'accepted' for one, _ in told[:-1])
    joined = status['joined']
    assert joined['frames'] == joined['images'] >= 2 and joined['seconds'] > 0
    assert 'views together' in status['sentence']
    found = robot.bystander.until(lambda: next(
        (one for one in robot.poses
         if nanoseconds(one.header.stamp) == status['stamp_ns']), None), 'the pose')
    metres, _ = pose_errors(pose_of_message(found.pose.pose), pose @ np.linalg.inv(BASE_FROM_CAM))
    assert metres < 0.1


def test_what_was_seen_before_odometry_lost_track_is_not_joined(robot):
    """The way across the loss is not known, whatever /tf says."""
    robot.drive()  # whose answer forgets what made it
    for number in range(6):
        status = robot.see(walk(20)[number], POOR, number)
        assert status['joined'] is None
        robot.tracking.publish(Bool(data=False))
        robot.bystander.until(
            lambda number=number: robot.see(
                walk(20)[number], GOOD)['reason'] == 'tracking_lost', 'the loss')
        robot.tracking.publish(Bool(data=True))
        robot.bystander.until(
            lambda number=number: robot.see(
                walk(20)[number], GOOD)['reason'] == 'accepted', 'the end of it')
