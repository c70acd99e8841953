# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Clouds of scene points: where they lie, their colours bit by bit, and their bound."""

from dataclasses import replace
import struct

import numpy as np
import pytest
from sensor_msgs.msg import PointField
from std_msgs.msg import Header
from support.exact_relocaliser import SCENE_MAP
import torch

from scene_reloc_ros.mapping.cloud.colours import UNKNOWN
from scene_reloc_ros.ros.relocaliser.view.clouds import cloud_of, scene_cloud

HEADER = Header(frame_id='map')
NEAR = '<fffI'  # x, y, z, and 0x00RRGGBB where PCL has a float
FAR = '<dddI'


def read(cloud, layout):
    """Return the points (N, 3) and colours (N, 3) of a cloud, unpacked byte by byte."""
    rows = [struct.unpack_from(layout, cloud.data, cloud.point_step * row)
            for row in range(cloud.width)]
    points = np.array([row[:3] for row in rows]).reshape(-1, 3)
    return points, np.array([(row[3] >> 16, row[3] >> 8 & 255, row[3] & 255) for row in rows])


def test_the_scene_of_a_map_lies_in_the_map_frame_with_its_colours():
    cloud = scene_cloud(HEADER, SCENE_MAP, 10)
    points, colours = read(cloud, NEAR)
    np.testing.assert_array_equal(points, [[101, -198, 3], [96, -195, 0.5], [100, -199.75, -1]])
    np.testing.assert_array_equal(colours, [[255, 0, 0], [1, 2, 3], [10, 200, 30]])
    assert [(field.name, field.offset, field.datatype) for field in cloud.fields] == [
        (name, 4 * number, PointField.FLOAT32) for number, name in enumerate('x y z rgb'.split())]
    assert (cloud.height, cloud.point_step, cloud.row_step, cloud.header) == (1, 16, 48, HEADER)


def test_a_scene_far_from_the_origin_keeps_its_millimetres_and_colours():
    cloud = scene_cloud(HEADER, replace(SCENE_MAP, origin=(4.5e5, 5.4e6, 300.0)), 10)
    points, colours = read(cloud, FAR)
    assert points[0].tolist() == [450001, 5400002, 303] and cloud.point_step == 28
    assert colours[2].tolist() == [10, 200, 30]


def test_a_map_without_colours_is_grey_and_no_map_an_empty_cloud():
    _, colours = read(scene_cloud(HEADER, replace(SCENE_MAP, colours=None), 10), NEAR)
    assert (colours == UNKNOWN).all() and colours.shape == (3, 3)
    empty = scene_cloud(HEADER, None, 10)
    assert (empty.width, len(empty.data)) == (0, 0) and empty.fields[3].name == 'rgb'


@pytest.mark.parametrize('most', [1, 40, 500])
def test_a_scene_has_no_more_points_than_allowed(most):
    many = replace(SCENE_MAP, cloud=torch.rand(3000, 3),
                   colours=torch.full((3000, 3), 7, dtype=torch.uint8))
    points, colours = read(scene_cloud(HEADER, many, most), NEAR)
    assert 0.3 * most <= len(points) <= most and (colours == 7).all()
    assert (points >= (100, -200, 0)).all() and (points <= (101, -199, 1)).all()


def test_points_without_colours_have_no_field_for_them():
    cloud = cloud_of(HEADER, np.float32([[1, 2, 3]]))
    assert [field.name for field in cloud.fields] == ['x', 'y', 'z'] and cloud.point_step == 12
    assert struct.unpack('<fff', cloud.data) == (1, 2, 3)
