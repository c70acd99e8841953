# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Camera frames read from messages: what arrives, and every reason why nothing does."""

import numpy as np
import pytest
from std_msgs.msg import Header

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import DepthRange
from scene_reloc_ros.ros.bridge.camera_frame import CameraFrame, InputRejection
from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge
from scene_reloc_ros.uncertainty.rejection import Rejection

WIDTH, HEIGHT = 8, 6
CAMERA = Camera(WIDTH, HEIGHT, 7.0, 7.0, 3.5, 2.5)
ANSWER = (CAMERA, None)
STAMP_NS = 1_795_359_000_123_456_789
GREY = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)
DEPTH = np.full((HEIGHT, WIDTH), 1234, np.uint16)


def message_of(array=GREY, encoding='mono8', frame='camera', stamp_ns=STAMP_NS):
    """Return an image message."""
    return CvBridge().cv2_to_imgmsg(
        array, encoding, Header(frame_id=frame, stamp=stamp_message(stamp_ns)))


def depth_message(frame='camera', encoding='16UC1'):
    """Return a depth message."""
    return message_of(DEPTH, encoding, frame)


def rejection_of(message, depth=None, camera=ANSWER):
    """Return the InputRejection that the messages end in."""
    with pytest.raises(InputRejection) as caught:
        CameraFrame.of(message, depth, camera)
    return caught.value


def test_a_frame_holds_what_its_messages_say():
    frame = CameraFrame.of(message_of(), depth_message(), ANSWER)
    np.testing.assert_array_equal(frame.image, GREY)
    assert (frame.camera, frame.stamp_ns, frame.frame_id) == (CAMERA, STAMP_NS, 'camera')
    np.testing.assert_allclose(frame.depth_m, 1.234)
    assert CameraFrame.of(message_of(), None, ANSWER).depth_m is None


def test_a_given_frame_replaces_that_of_the_header():
    assert CameraFrame.of(message_of(), None, ANSWER, 'optical').named_frame() == 'optical'
    with pytest.raises(InputRejection, match='set the parameter camera_frame') as caught:
        CameraFrame.of(message_of(frame=''), None, ANSWER).named_frame()
    assert caught.value.rejection is Rejection.NO_CAMERA_FRAME


@pytest.mark.parametrize('message, depth, camera, rejection, detail', [
    (message_of(stamp_ns=0), None, ANSWER, Rejection.ZERO_STAMP, 'stamp of the image is zero'),
    (message_of(), None, (None, 'no camera_info on /camera_info yet'),
     Rejection.BAD_CAMERA_INFO, 'no camera_info on /camera_info yet'),
    (message_of(GREY[:4]), None, ANSWER, Rejection.BAD_IMAGE, 'image is 8x4 but camera_info'),
    (message_of(), depth_message('other'), ANSWER, Rejection.BAD_DEPTH,
     'or set use_depth to false'),
    (message_of(), message_of(), ANSWER, Rejection.BAD_DEPTH, "depth encoding 'mono8'")])
def test_an_input_that_cannot_be_used_is_named(message, depth, camera, rejection, detail):
    error = rejection_of(message, depth, camera)
    assert error.rejection is rejection
    assert detail in error.detail == str(error)


def test_metres_that_are_millimetres_are_named_and_not_taken_for_another_place():
    message = message_of(np.full((HEIGHT, WIDTH), 1234, np.float32), '32FC1')
    error = rejection_of(message_of(), message)
    assert error.rejection is Rejection.BAD_DEPTH
    assert 'depth is 1234 m in the median, so it is not in metres' in error.detail


def test_depth_beyond_the_stated_range_is_unknown():
    depth = DEPTH.copy()
    depth[0], depth[1] = 399, 8001
    frame = CameraFrame.of(message_of(), message_of(depth, '16UC1'), ANSWER, '',
                           DepthRange(0.4, 8.0))
    assert (frame.depth_m[:2] == 0).all()
    np.testing.assert_allclose(frame.depth_m[2:], 1.234)


@pytest.mark.parametrize('age_s, rejection', [
    (1.9, None), (2.1, Rejection.STALE_STAMP), (-0.4, None), (-0.6, Rejection.FUTURE_STAMP)])
def test_a_stamp_too_far_from_the_clock_is_refused_unless_every_one_is_taken(age_s, rejection):
    frame, now_ns = CameraFrame.of(message_of(), None, ANSWER), STAMP_NS + round(age_s * 1e9)
    frame.refuse_unlikely_stamp(now_ns, 0.0, 0.0)
    if rejection is None:
        frame.refuse_unlikely_stamp(now_ns, 2.0, 0.5)
        return
    with pytest.raises(InputRejection, match=rejection.sentence.split(';')[0]) as caught:
        frame.refuse_unlikely_stamp(now_ns, 2.0, 0.5)
    assert caught.value.rejection is rejection
