# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent: no callback raises, and nonsense gives no pose.

A short run; SCENE_RELOC_EXAMPLES=10000 makes a long one, in chunks of it with --hypothesis-seed.
"""

import os
import time

import cv2
from geometry_msgs.msg import PoseWithCovarianceStamped
from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage
from support.machine.disks import names_below
from support.messages import strategies
from support.small_recording import CAMERA, small_frames

from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.bridge.conversions import fill_camera_info, transform_message
from scene_reloc_ros.ros.compat.upstream import CvBridge
from scene_reloc_ros.ros.mapper.node import MapperNode
from scene_reloc_ros.ros.relocaliser.node import RelocaliserNode

pytestmark = pytest.mark.ros
EXAMPLES = int(os.environ.get('SCENE_RELOC_EXAMPLES', '40'))
ANY = settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 1000, database=None,
               suppress_health_check=list(HealthCheck))
STAMP_NS = strategies.STAMP_S * 10 ** 9
PATIENCE_S = 20.0


class Credulous:
    """A localiser that believes every picture, so that nothing else may let nonsense in."""

    notices = ()
    scene_map = None

    def depth_unavailable(self):
        """Take depth."""
        return None

    def localise(self, image, camera, depth_m=None):
        """Look at what has come this far, and answer the middle of the map."""
        assert image.dtype == np.uint8 and image.ndim in (2, 3)
        assert image.shape[:2] == (camera.height, camera.width)
        assert image.ndim == 2 or image.shape[2] == 3
        assert np.isfinite(camera.matrix).all() and min(camera.fx, camera.fy) > 0
        if depth_m is not None:
            assert depth_m.ndim == 2 and min(depth_m.shape) >= 8
            assert depth_m.dtype == np.float32
            assert np.isfinite(depth_m).all() and (depth_m >= 0).all()
        return Localisation(np.eye(4), np.eye(6) * 1e-4, None, '', 9, 9, np.zeros((0, 2)),
                            np.zeros((0, 3)), 1.0, 1.0, 'reference', 'cpu')


class Listening:
    """What the two nodes under test add: they tell when a frame is done, and what failed."""

    def __init__(self, *arguments, **settings_):
        self.done, self.failed, self.told = 0, [], []
        super().__init__(*arguments, **settings_)

    def handle_frame(self, messages):
        """Count."""
        try:
            super().handle_frame(messages)
        finally:
            self.done += 1

    def frame_failed(self, messages, error):
        """Keep what the net has caught."""
        self.failed.append(error)

    def send(self, topic, message):
        """Give a message to the callback of a topic, as the executor does; wait for its frame."""
        before = self.slot.received
        next(one for one in self.subscriptions if one.topic_name == topic).callback(message)
        deadline = time.monotonic() + PATIENCE_S
        while self.slot.received > before and self.done < self.slot.received:
            assert time.monotonic() < deadline
            time.sleep(0.0002)
        assert self.failed == [] and self.guard.failures == 0

    def see(self):
        """Send a good camera and a good picture."""
        self.send('/camera_info', fill_camera_info(CameraInfo(), CAMERA))
        self.send_picture()

    def send_picture(self):
        """Send a good picture."""
        bridge, picture = CvBridge(), small_frames(1)[0].image
        if self.options.image_transport == 'raw':
            topic, message = '/image', bridge.cv2_to_imgmsg(picture, 'bgr8')
        else:
            topic, message = '/image/compressed', CompressedImage(
                format='png', data=cv2.imencode('.png', picture)[1].tobytes())
        message.header.frame_id, message.header.stamp.sec = 'camera', strategies.STAMP_S
        self.send(topic, message)


class Relocaliser(Listening, RelocaliserNode):
    """The relocaliser, with every pose that it publishes."""

    def report(self, reason, sentence, outcome=None, *more, **named):
        """Keep the outcome."""
        super().report(reason, sentence, outcome, *more, **named)
        self.told.append((reason, sentence))
        if outcome is not None and outcome.accepted:
            for pose in (outcome.map_from_base, outcome.map_from_odom):
                if pose is not None:  # where nothing but the camera is asked for
                    refuse_nonsense(pose)


class Mapper(Listening, MapperNode):
    """The mapper."""


def refuse_nonsense(pose):
    """Fail where a pose is no rigid motion."""
    assert pose.shape == (4, 4) and np.isfinite(pose).all()
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-6)
    assert np.linalg.det(pose[:3, :3]) > 0


@pytest.fixture(scope='module')
def context():
    """Return a context that nothing spins."""
    made = rclpy.Context()
    rclpy.init(context=made)
    yield made
    rclpy.shutdown(context=made)


@pytest.fixture
def start(context, tmp_path):
    """Make an active node; it ends with the test."""
    nodes = []

    def begin(node_class, *arguments, **parameters):
        given_ = {'tf_wait': 0.0, **parameters}
        nodes.append(node_class(*arguments, context=context, parameter_overrides=[
            Parameter(name, value=value) for name, value in given_.items()]))
        nodes[-1].start()
        assert nodes[-1].is_active
        return nodes[-1]
    yield begin
    for node in nodes:
        node.cleanup()
        node.destroy_node()


@pytest.fixture
def relocaliser(start, tmp_path):
    """Return a relocaliser that looks at everything and believes every picture."""
    def begin(**parameters):
        (tmp_path / 'any.map').touch()
        return start(Relocaliser, lambda path, options: Credulous(), stamp_age_limit=0.0,
                     stamp_future_limit=0.0, gate=False, map=str(tmp_path / 'any.map'),
                     **parameters)
    return begin


@pytest.fixture
def mapper(start, tmp_path):
    """Return a mapper that records."""
    def begin(**parameters):
        node = start(Mapper, folder=str(tmp_path / 'mapper'), **parameters)
        node._recorder.start(node.options.folder)
        return node
    return begin


def test_any_image_is_localised_or_refused(relocaliser):
    node = relocaliser(tf_mode='map_to_camera', pose_of='camera')

    @ANY
    @given(strategies.images())
    def check(message):
        node.send('/camera_info', fill_camera_info(CameraInfo(), CAMERA))
        node.send('/image', message)
    check()
    node.see()
    assert {'accepted', 'bad_image'} <= {reason for reason, _ in node.told}


def test_any_depth_beside_an_image_is_used_or_refused(relocaliser):
    node = relocaliser(tf_mode='map_to_camera', pose_of='camera', use_depth=True, depth_slop=0.01)

    @ANY
    @given(strategies.images(('16UC1', '32FC1', 'mono16')))
    def check(message):
        message.header.stamp.sec, message.header.stamp.nanosec = strategies.STAMP_S, 0
        message.header.frame_id = 'camera'
        node.send('/depth', message)
        node.see()
    check()
    right = CvBridge().cv2_to_imgmsg(small_frames(1)[0].depth_m, '32FC1')
    right.header.frame_id, right.header.stamp.sec = 'camera', strategies.STAMP_S
    node.send('/depth', right)
    node.see()
    assert {'accepted', 'bad_depth'} <= {reason for reason, _ in node.told}


def test_any_compressed_image_is_localised_or_refused(relocaliser):
    node = relocaliser(tf_mode='map_to_camera', pose_of='camera', image_transport='compressed')

    @ANY
    @given(strategies.compressed_images())
    def check(message):
        node.send('/camera_info', fill_camera_info(CameraInfo(), CAMERA))
        node.send('/image/compressed', message)
    check()
    node.see()
    assert {'accepted', 'bad_image'} <= {reason for reason, _ in node.told}


def test_any_camera_info_is_used_or_refused(relocaliser):
    node = relocaliser(tf_mode='map_to_camera', pose_of='camera')

    @ANY
    @given(strategies.camera_infos())
    def check(message):
        node.send('/camera_info', message)
        node.send_picture()
    check()
    node.see()
    assert {'accepted', 'bad_camera_info'} <= {reason for reason, _ in node.told}


@pytest.mark.parametrize('topic', ['/tf', '/tf_static'])
def test_any_transforms_give_a_rigid_motion_or_none(relocaliser, topic):
    node = relocaliser()

    @ANY
    @given(strategies.transform_messages())
    def check(message):
        node.lookup.clear()
        node.send(topic, message)
        node.see()
    check()
    assert 'no_camera_transform' in {reason for reason, _ in node.told}


@pytest.mark.parametrize('topic, message_type', [
    ('/odom', None), ('/initialpose', PoseWithCovarianceStamped)])
def test_any_odometry_and_any_hint_leave_a_relocaliser_that_works(
        relocaliser, topic, message_type):
    node = relocaliser()

    @ANY
    @given(strategies.odometries())
    def check(message):
        node.send(topic, message if message_type is None else message_type(
            header=message.header, pose=message.pose))
        node.see()
    check()


@pytest.mark.parametrize('source, messages', [
    ('odom', strategies.odometries()), ('pose', strategies.stamped_poses())])
def test_any_pose_is_recorded_as_a_rigid_motion_or_refused(mapper, tmp_path, source, messages):
    node = mapper(pose_source=source, base_frame='camera')

    @ANY
    @given(st.lists(messages, min_size=1, max_size=2))
    def check(sent):
        for message in sent:
            node.send(f'/{source}', message)
        node.see()
        for pose in node._recorder.poses:
            refuse_nonsense(pose)
    check()
    assert 'camera_info' not in node._last[1]


def test_what_is_right_is_recorded_beside_all_of_that(mapper, tmp_path):
    node = mapper()
    node.send('/tf', strategies.TFMessage(transforms=[
        transform_message(np.eye(4), 'map', 'camera', STAMP_NS)]))
    node.see()
    assert node._recorder.keyframes == 1
    assert [name for name in names_below(tmp_path) if name.endswith('.png')]
