# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fallbacks of message_filters and sensor_msgs_py beside upstream, where it is installed."""

import numpy as np
import pytest
from sensor_msgs.msg import Image, PointField
from std_msgs.msg import Header

from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat import message_filters as fallback
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge, LAYOUTS
from scene_reloc_ros.ros.compat.point_cloud2 import create_cloud, create_cloud_xyz32
from scene_reloc_ros.ros.relocaliser.view.clouds import cloud_of

MILLISECOND = 1_000_000


class Source:
    """Stands for a subscriber: tests hand it the messages."""

    def __init__(self):
        self.callbacks = []

    def registerCallback(self, callback, *args):  # noqa: N802 (the upstream name)
        """Take a callback as message_filters does."""
        self.callbacks.append((callback, args))

    def send(self, milliseconds):
        """Deliver a message with this stamp."""
        message = Image(header=Header(stamp=stamp_message(milliseconds * MILLISECOND)))
        for callback, args in self.callbacks:
            callback(message, *args)


@pytest.fixture(params=['fallback', 'upstream'])
def filters(request):
    """Return the fallback, and upstream's message_filters where it is installed."""
    if request.param == 'fallback':
        return fallback
    return pytest.importorskip('message_filters', reason='message_filters is not installed here')


def groups_of(filters, arrivals, slop=0.02):
    """Return the stamps in milliseconds of the groups that arrivals (source, stamp) make."""
    sources, groups = (Source(), Source()), []
    synchroniser = filters.ApproximateTimeSynchronizer(list(sources), 10, slop)
    synchroniser.registerCallback(lambda *messages: groups.append(
        tuple(m.header.stamp.nanosec // MILLISECOND for m in messages)))
    for source, milliseconds in arrivals:
        sources[source].send(milliseconds)
    return groups


def test_messages_within_the_slop_come_together_in_either_order(filters):
    arrivals = [(0, 100), (1, 110), (1, 215), (0, 200)]
    assert groups_of(filters, arrivals) == [(100, 110), (200, 215)]


def test_messages_too_far_apart_do_not_come_together(filters):
    assert groups_of(filters, [(0, 100), (1, 130), (0, 200), (1, 230)]) == []


def test_a_message_is_used_once(filters):
    assert groups_of(filters, [(0, 100), (1, 101), (1, 102)]) == [(100, 101)]


def test_a_cloud_holds_its_points():
    points = np.arange(12, dtype=np.float32).reshape(4, 3)
    cloud = create_cloud_xyz32(Header(frame_id='map'), points)
    assert (cloud.width, cloud.height, cloud.point_step, cloud.row_step) == (4, 1, 12, 48)
    assert [field.name for field in cloud.fields] == ['x', 'y', 'z']
    np.testing.assert_array_equal(np.frombuffer(cloud.data, np.float32).reshape(-1, 3), points)


def test_points_far_from_the_origin_are_sent_in_double_precision():
    points = np.array([[448_000.1234, 5_412_000.5678, 312.9], [1.0, 2.0, 3.0]])
    cloud = cloud_of(Header(frame_id='map'), points)
    assert (cloud.width, cloud.point_step, cloud.row_step) == (2, 24, 48)
    assert [(field.name, field.offset, field.datatype) for field in cloud.fields] == [
        (name, 8 * index, PointField.FLOAT64) for index, name in enumerate('xyz')]
    np.testing.assert_array_equal(np.frombuffer(cloud.data, np.float64).reshape(-1, 3), points)
    for near in (points[1:], points[:0]):
        assert cloud_of(Header(frame_id='map'), near).point_step == 12


def test_a_cloud_equals_that_of_upstream():
    upstream = pytest.importorskip('sensor_msgs_py.point_cloud2',
                                   reason='sensor_msgs_py is not installed here')
    points = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    header = Header(frame_id='map')
    assert create_cloud_xyz32(header, points) == upstream.create_cloud_xyz32(header, points)
    fields = cloud_of(header, 1e6 * points).fields
    assert create_cloud(header, fields, 1e6 * points.astype(float)) == upstream.create_cloud(
        header, fields, 1e6 * points.astype(float))


@pytest.mark.parametrize('encoding', sorted(LAYOUTS))
def test_images_survive_the_message_as_with_upstream(encoding):
    item, channels = LAYOUTS[encoding]
    shape = (4, 6) if channels == 1 else (4, 6, channels)
    image = (np.random.default_rng(2).random(shape) * 200).astype(item)
    message = CvBridge().cv2_to_imgmsg(image, encoding)
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(message), image)
    assert message.step == 6 * channels * np.dtype(item).itemsize
