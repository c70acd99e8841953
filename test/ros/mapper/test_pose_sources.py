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
        self.frame = 'map'
        super().__init__(bystander)
        self.tf_static = bystander.publisher(TFMessage, '/tf_static', LATCHED)
        self.tf_static.publish(TFMessage(transforms=[
            transform_message(BASE_FROM_CAM, 'base_link', 'camera', 0)]))

    def place(self, map_from_cam, stamp_ns):
        """Publish the robot 2 cm behind and 2 cm ahead of where it is."""
        map_from_base = map_from_cam @ np.linalg.inv(BASE_FROM_CAM)
        for sign in (-1, 1):
            beside = map_from_base.copy()
            beside[0, 3] += sign * 0.02
            message = self.of_topic(header=Header(
                frame_id=self.frame, stamp=stamp_message(stamp_ns + sign * GAP_NS)))
            if self.of_topic is Odometry:
                message.pose.pose = pose_message(beside)
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
