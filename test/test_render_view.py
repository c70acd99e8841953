# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The picture of the view: what is published is drawn where it is seen, and nothing else."""

import importlib
from pathlib import Path
import sys

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 client library is installed')

import cv2
import rclpy
from std_msgs.msg import Header

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.ros.node.qos import LATCHED
from scene_reloc_ros.ros.relocaliser.view.caption import Caption
from scene_reloc_ros.ros.relocaliser.view.clouds import cloud_of
from scene_reloc_ros.ros.relocaliser.view.markers import ellipsoid, frustum, state_text, together

ROOT = Path(__file__).resolve().parents[1]
HEADER = Header(frame_id='map')
RED, BLUE, GREEN = (230, 20, 20), (20, 30, 220), (20, 255, 20)
POINTS = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0]])


@pytest.fixture(scope='module')
def script():
    """Return the script as a module."""
    sys.path.insert(0, str(ROOT / 'scripts'))
    try:
        yield importlib.import_module('render_view')
    finally:
        sys.path.remove(str(ROOT / 'scripts'))


def picture(script, messages):
    """Return the picture of messages: from the south, so that east is on the right."""
    return script.drawn(messages, script.parsed(
        ['--out', 'unused.png', '--yaw', '-90', '--pitch', '60', '--distance', '4']))


def where(image, colour):
    """Return the mean pixel (u, v) of about a colour (red, green, blue), None where it is not."""
    v, u = np.nonzero((np.abs(image.astype(int) - colour[::-1]) < 40).all(-1))
    return (u.mean(), v.mean()) if len(u) else None


def scene():
    """Return a scene that is red in the east and blue in the west, and red in the north."""
    return cloud_of(HEADER, POINTS, np.array([RED, BLUE, (90, 90, 90), (99, 99, 99)]))


def test_points_have_their_place_and_their_colour(script):
    image = picture(script, {'scene_cloud': scene()})
    east, west = where(image, RED), where(image, BLUE)
    assert east[0] == pytest.approx(360 + 720 / 4, abs=3) and east[1] == pytest.approx(240, abs=3)
    assert west[0] == pytest.approx(360 - 720 / 4, abs=3)
    assert where(image, GREEN) is None


def test_camera_uncertainty_and_text_are_drawn_from_the_markers(script):
    pose = np.eye(4)
    caption = Caption('localised', 'all is well', GREEN)
    empty = picture(script, {'scene_cloud': scene()})
    camera = picture(script, {'scene_cloud': scene(), 'markers': together([frustum(
        HEADER, pose, Camera(64, 48, 60.0, 60.0, 31.5, 23.5), 0.4, GREEN)])})
    ball = picture(script, {'scene_cloud': scene(), 'markers': together([ellipsoid(
        HEADER, pose, np.diag([0.01] * 6), GREEN)])})
    text = picture(script, {'scene_cloud': scene(), 'markers': together([state_text(
        HEADER, np.zeros(3), caption, 0.4)])})
    for one in (camera, ball, text):
        changed = np.argwhere((one != empty).any(-1))
        assert 100 < len(changed) < 30000
        assert abs(changed[:, 1].mean() - 360) < 60
    assert np.argwhere((text != empty).any(-1))[:, 0].max() < 240  # above the camera


def test_the_ceiling_is_left_out_so_that_the_room_is_seen(script):
    points = np.concatenate((POINTS, [[0.0, 0.0, 2.5]]))
    cloud = cloud_of(HEADER, points, np.array([RED] * 4 + [BLUE]))
    assert where(picture(script, {'scene_cloud': cloud}), BLUE) is None


def test_the_picture_of_the_camera_lies_beside_the_scene_as_high_as_it_is(script):
    image = CvBridge().cv2_to_imgmsg(np.full((48, 64, 3), GREEN[::-1], np.uint8), 'bgr8')
    both = picture(script, {'debug_image': image})
    assert both.shape == (480, 720 + 4 + 640, 3)
    assert (both[:, 724:] == GREEN[::-1]).all() and where(both[:, :724], GREEN) is None


def test_the_eye_is_behind_the_camera_and_has_the_scene_in_view(script):
    rng = np.random.default_rng(0)
    cloud = cloud_of(HEADER, rng.uniform(-3, 3, (400, 3)) * (1, 1, 0.1), np.full((400, 3), 200))
    north = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # looks along y
    marker = frustum(HEADER, north, Camera(64, 48, 60.0, 60.0, 31.5, 23.5), 0.4, GREEN)
    points = script.points_of(cloud)[0]
    eye = script.eye_for(points, [marker], script.parsed(['--out', 'unused.png']))
    _, (of_south, of_north) = eye.seen([[0.0, -1, 0], [0.0, 1, 0]])
    assert of_south < of_north
    pixels, _ = eye.seen(points)
    assert ((pixels > 0) & (pixels < (720, 480))).all(1).mean() > 0.9


def test_nothing_but_the_background_is_drawn_of_nothing(script):
    assert len(np.unique(picture(script, {}).reshape(-1, 3), axis=0)) == 1


@pytest.mark.ros
def test_what_is_heard_over_dds_is_written_as_a_png_and_the_rest_is_named(
        script, tmp_path, capsys):
    context, out = rclpy.context.Context(), tmp_path / 'view.png'
    rclpy.init(context=context)
    node = rclpy.create_node('sender', context=context)
    node.create_publisher(type(scene()), '/sent/scene_cloud', LATCHED).publish(scene())
    try:
        assert script.main(['--out', str(out), '--node', '/nobody', '--seconds', '0.2']) == 1
        assert 'nothing came on /nobody/scene_cloud, ' in capsys.readouterr().err
        assert not out.exists()
        assert script.main(['--out', str(out), '--node', '/sent', '--seconds', '2']) == 0
    finally:
        rclpy.shutdown(context=context)
    said = capsys.readouterr().err
    assert 'nothing came on /sent/markers, ' in said and 'scene_cloud' not in said
    assert where(cv2.imread(str(out)), RED) is not None
