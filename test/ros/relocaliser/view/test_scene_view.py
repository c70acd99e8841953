# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What people look at, over real DDS: topics, frames, stamps and counts; silence without them."""

from dataclasses import replace
from itertools import count as count_from

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import Empty
from support.bystander import LATCHED
from support.exact_relocaliser import COVARIANCE, INLIER_POINTS, SCENE_MAP
from support.places import EXACT_RELOCALISER
from support.robot import BASE_FROM_CAM, CAMERA, MAP_FROM_BASE, Robot
from visualization_msgs.msg import Marker, MarkerArray

from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.view.scene_view import SceneView
from scene_reloc_ros.uncertainty.rejection import Rejection

pytestmark = pytest.mark.ros
LISTENED = {'markers': MarkerArray, 'path': Path, 'inliers': PointCloud2, 'debug_image': Image}
ONE_POINT = replace(SCENE_MAP, cloud=SCENE_MAP.cloud[:1], colours=None)
NUMBERS = count_from(1)
MAP_FROM_CAM = MAP_FROM_BASE @ BASE_FROM_CAM


class Counted(ConfiguredLifecycleNode):
    """A node with nothing but a view; it counts what goes out on each topic."""

    options_type, diagnosis = RelocaliserOptions, 'view'

    def __init__(self):
        self.default_name = f'viewed_{next(NUMBERS)}'  # so that nobody listens to it yet
        self.sent = {}
        super().__init__()

    def configure(self):
        self.view = SceneView(self)
        self.closers.callback(self.view.destroy)

    def heard_by(self, bystander, message_type, name):
        """Return what a bystander hears on a topic from now on."""
        topic = f'/{self.default_name}/{name}'
        heard = bystander.listen(message_type, topic)
        bystander.until(lambda: self.count_subscribers(topic), 'the listener')
        return heard

    def create_lifecycle_publisher(self, message_type, topic, *arguments, **settings):
        publisher = super().create_lifecycle_publisher(message_type, topic, *arguments, **settings)
        send, name = publisher.publish, topic.removeprefix('~/')
        self.sent[name] = 0

        def counted(message):
            self.sent[name] += 1
            send(message)
        publisher.publish = counted
        return publisher


@pytest.fixture
def node(bystander):
    """Return an active node with a view; the bystander has made the context."""
    node = Counted()
    node.start()
    yield node
    node.trigger_shutdown()
    node.destroy_node()


def at(x, stamp_ns=0, rejection=None):
    """Return the outcome of an image taken at a place along the x axis."""
    pose = np.eye(4)
    pose[0, 3] = x
    found = Localisation(None if rejection else pose, None if rejection else COVARIANCE, rejection,
                         'd', 2, 48, np.zeros((2, 2)), np.ones((2, 3)), 1.0, 0.9, 'reference',
                         'cpu')
    return Outcome(stamp_ns, rejection, 'sentence', 'camera', np.zeros((48, 64), np.uint8), CAMERA,
                   found, pose, base_covariance=COVARIANCE)


STATUS = {'state': 'localised', 'reason': 'accepted', 'sentence': 'the sentence'}


def test_without_listeners_nothing_is_published_but_the_latched_scene_once(node):
    node.view.forget(SCENE_MAP)
    for outcome in (at(0.0), at(1.0), at(2.0, rejection=Rejection.TOO_DARK), None):
        node.view.show(STATUS, outcome)
    node.view.forget(SCENE_MAP)
    assert node.sent == {'scene_cloud': 1, **dict.fromkeys(LISTENED, 0)}


@pytest.mark.parametrize('name', LISTENED)
def test_each_topic_is_published_where_somebody_listens_to_it_and_no_other(name, node, bystander):
    heard = node.heard_by(bystander, LISTENED[name], name)
    bystander.until(lambda: heard, name, send=lambda: node.view.show(STATUS, at(1.0)))
    assert {topic for topic, count in node.sent.items() if count} == {name}


@pytest.mark.parametrize('scene_map, count', [(SCENE_MAP, 3), (ONE_POINT, 1), (None, 0)])
def test_the_scene_is_shown_to_those_who_come_late(scene_map, count, node, bystander):
    node.view.forget(scene_map)
    late = bystander.listen(PointCloud2, f'/{node.default_name}/scene_cloud', LATCHED)
    assert bystander.until(lambda: late, 'the scene')[-1].width == count


def test_another_map_and_none_are_shown_once_each(node):
    for scene_map in (SCENE_MAP, SCENE_MAP, ONE_POINT, None, None, SCENE_MAP):
        node.view.forget(scene_map)
    assert node.sent['scene_cloud'] == 4


def test_a_view_that_was_not_active_shows_its_map_when_it_is(node):
    node.trigger_deactivate()
    node.view.forget(SCENE_MAP)
    node.trigger_activate()
    node.view.forget(SCENE_MAP)
    assert node.sent['scene_cloud'] == 1


def test_a_warning_does_not_stand_where_the_reason_is_looked_for(node, bystander):
    heard = node.heard_by(bystander, MarkerArray, 'markers')
    node.view.show({**STATUS, 'reason': 'images_lost'}, None)
    node.view.show({**STATUS, 'state': 'lost', 'sentence': 'no message on /image'}, None)
    bystander.until(lambda: heard, 'the markers')
    assert heard[0].markers[-1].text == 'LOST\nno message on /image' and node.sent['markers'] == 1


def path_after(node, bystander, places):
    """Return the x of the poses of ~/path after poses at places along the x axis."""
    paths = node.heard_by(bystander, Path, 'path')
    for number, x in enumerate(places):
        node.view.show(STATUS, at(x, 1_000_000_000 + number))
    newest = 1_000_000_000 + len(places) - 1
    bystander.until(lambda: paths and nanoseconds(paths[-1].header.stamp) == newest, 'the path')
    return paths, [pose.pose.position.x for pose in paths[-1].poses]


def test_the_path_has_poses_apart_and_ends_at_the_newest(node, bystander):
    places = [0.0, 0.01, 0.02, 0.04, 0.06, 0.11, 0.12, 0.12, 0.125]
    paths, found = path_after(node, bystander, places)
    assert found == [0.0, 0.06, 0.11, 0.125]
    assert [pose.header.frame_id for pose in paths[-1].poses] == ['map'] * 4
    assert nanoseconds(paths[-1].poses[1].header.stamp) == 1_000_000_004
    node.view.show(STATUS, at(9.0, 2_000_000_000, Rejection.TOO_DARK))
    node.view.forget(SCENE_MAP)
    bystander.until(lambda: not paths[-1].poses, 'the empty path')


def test_the_path_is_bounded(node, bystander):
    node.set_parameters([rclpy.Parameter('path_poses', value=7)])
    assert path_after(node, bystander, range(30))[1] == list(range(23, 30))


@pytest.fixture(scope='module')
def map_file(tmp_path_factory):
    """Return a file that the stand-in takes for a map."""
    path = tmp_path_factory.mktemp('map') / 'map.safetensors'
    path.write_text('map')
    return path


@pytest.fixture(scope='module')
def seen(start_node, bystander, map_file):
    """Start the relocaliser, a robot for it, and listen to all of the view."""
    heard = {name: bystander.listen(message_type, f'/relocaliser/{name}')
             for name, message_type in LISTENED.items()}
    heard['scene_cloud'] = bystander.listen(PointCloud2, '/relocaliser/scene_cloud', LATCHED)
    start_node(EXACT_RELOCALISER, {'map': f'"{map_file}"', 'lost_after_frames': 3, 'gate': False})
    robot = Robot(bystander)
    bystander.until(lambda: robot.see(MAP_FROM_BASE) and all(heard.values()), 'all of the view')
    return robot, heard


def newest(robot, messages, stamp_ns):
    """Return the message with a stamp, as soon as it has come; the status may overtake it."""
    def header(message):
        return message.markers[-1].header if isinstance(message, MarkerArray) else message.header
    return robot.bystander.until(
        lambda: next((m for m in messages if nanoseconds(header(m).stamp) == stamp_ns), None),
        'the message with the stamp')


def test_scene_and_points_come_in_the_map_frame_and_the_picture_in_that_of_the_camera(seen):
    robot, heard = seen
    stamp_ns = robot.see(MAP_FROM_BASE)['stamp_ns']
    scene = heard['scene_cloud'][-1]
    assert (scene.header.frame_id, nanoseconds(scene.header.stamp), scene.width) == ('map', 0, 3)
    inliers = newest(robot, heard['inliers'], stamp_ns)
    assert inliers.header.frame_id == 'map'
    np.testing.assert_array_equal(
        np.frombuffer(inliers.data, np.float32).reshape(-1, 3), INLIER_POINTS)
    picture = newest(robot, heard['debug_image'], stamp_ns)
    assert (picture.header.frame_id, picture.encoding) == ('camera', 'bgr8')
    assert (picture.width, picture.height) == (CAMERA.width, CAMERA.height)


def test_markers_and_path_are_where_the_camera_and_the_robot_are(seen):
    robot, heard = seen
    stamp_ns = robot.see(MAP_FROM_BASE)['stamp_ns']
    camera, uncertainty, state = newest(robot, heard['markers'], stamp_ns).markers
    assert [m.ns for m in (camera, uncertainty, state)] == ['camera', 'uncertainty', 'state']
    for marker in (camera, uncertainty, state):
        assert (marker.header.frame_id, nanoseconds(marker.header.stamp)) == ('map', stamp_ns)
    np.testing.assert_allclose(pose_of_message(camera.pose), MAP_FROM_CAM, atol=1e-9)
    deviations = np.sort([uncertainty.scale.x, uncertainty.scale.y, uncertainty.scale.z]) / 5.591
    np.testing.assert_allclose(np.square(deviations), [1e-4, 2e-4, 3e-4], rtol=1e-3)
    assert state.text.startswith('LOCALISED\n2 of 48 points agree')
    path = newest(robot, heard['path'], stamp_ns)
    assert path.header.frame_id == 'map' and isinstance(path.poses[-1], PoseStamped)
    np.testing.assert_allclose(pose_of_message(path.poses[-1].pose), MAP_FROM_BASE, atol=1e-9)


def test_a_lost_robot_keeps_its_last_camera_and_says_why(seen):
    robot, heard = seen
    last = robot.see(MAP_FROM_BASE)['stamp_ns']
    paths = len(heard['path'])
    status = [robot.see(None) for _ in range(3)][-1]
    assert status['state'] == 'lost'
    markers = newest(robot, heard['markers'], status['stamp_ns']).markers
    assert markers[0].ns == 'camera' and nanoseconds(markers[0].header.stamp) == last
    assert markers[-1].text.startswith('LOST\nToo few of the image points')
    assert markers[0].color.r > markers[0].color.g + 0.2
    newest(robot, heard['debug_image'], status['stamp_ns'])  # refused images are shown, too
    assert nanoseconds(heard['inliers'][-1].header.stamp) == last
    assert len(heard['path']) <= paths + 1


def test_what_is_forgotten_is_taken_away_and_the_scene_is_not_sent_again(seen):
    robot, heard = seen
    robot.see(MAP_FROM_BASE)
    scenes = len(heard['scene_cloud'])
    robot.bystander.call(Empty, '/reinitialize_global_localization')
    robot.bystander.until(lambda: any(
        m.markers[0].action == Marker.DELETEALL for m in heard['markers'][-3:]), 'the removal')
    robot.bystander.until(lambda: not heard['path'][-1].poses, 'the empty path')
    assert robot.see(None)['state'] == 'searching'
    stamp_ns = robot.see(None)['stamp_ns']
    only, = newest(robot, heard['markers'], stamp_ns).markers
    assert only.ns == 'state' and only.pose.position.x == 100.0  # in the middle of the map
    assert len(heard['scene_cloud']) == scenes
