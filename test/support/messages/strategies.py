# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Strategies of messages: every field is right, random, or garbage of its type."""

from builtin_interfaces.msg import Time
import cv2
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion, TransformStamped, Vector3
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from scene_reloc_ros.ros.bridge.images import COLOUR_ENCODINGS, GREY_ENCODINGS
from support.small_recording import CAMERA

STAMP_S = 1000  # of what belongs together
FRAMES = ('map', 'odom', 'base_link', 'camera')
_BYTES = {'mono8': 1, '8UC1': 1, 'mono16': 2, '16UC1': 2, '32FC1': 4, 'bgra8': 4, 'rgba8': 4,
          '8UC4': 4, 'yuv422': 2, 'uyvy': 2, 'yuv422_yuy2': 2, 'yuyv': 2}
_ENCODINGS = (*COLOUR_ENCODINGS, *GREY_ENCODINGS, '16UC1', '32FC1')
_MODELS = ('plumb_bob', 'rational_polynomial', 'equidistant', 'fisheye', 'none', '', 'thin_prism')

any_float = st.floats() | st.sampled_from((0.0, -0.0, 1e-320, 1e300, 9999.0, 0.5, 1.0))
small_float = st.floats(-10.0, 10.0)
number = st.one_of(small_float, any_float)
word = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=12)
frame = st.sampled_from(FRAMES) | st.sampled_from(('', '/', '/map')) | word
_uint32 = st.integers(0, 2 ** 32 - 1)
_byte = st.integers(0, 255)
stamps = st.one_of(
    st.just(Time(sec=STAMP_S)),
    st.builds(Time, sec=st.integers(-2 ** 31, 2 ** 31 - 1), nanosec=_uint32),
    st.builds(Time, sec=st.integers(STAMP_S - 2, STAMP_S + 2), nanosec=_uint32))


def headers(frames=frame):
    """Draw a Header whose stamp is often the one of everything else."""
    return st.builds(Header, stamp=stamps, frame_id=frames)


@st.composite
def images(draw, encodings=_ENCODINGS):
    """Draw an Image: often of the right size, with as many bytes as it needs, or others."""
    size = st.just(CAMERA.width) | st.integers(0, 70) | _uint32
    width, height = draw(size), draw(st.just(CAMERA.height) | st.integers(0, 70) | _uint32)
    encoding = draw(st.sampled_from(encodings) | st.sampled_from(('bayer_rggb8', 'jpeg')) | word)
    least = width * _BYTES.get(encoding, 3)
    step = draw(st.just(min(least, 2 ** 32 - 1)) | st.integers(0, 400) | _uint32)
    length = step * height if step * height <= 50_000 else 100
    length = draw(st.just(length) | st.integers(0, 1000))
    filler = draw(st.binary(min_size=1, max_size=64))
    return Image(header=draw(headers()), width=width, height=height, encoding=encoding, step=step,
                 is_bigendian=draw(st.just(0) | _byte),
                 data=(filler * (length // len(filler) + 1))[:length])


@st.composite
def compressed_images(draw):
    """Draw a CompressedImage: a picture of some kind, often cut or damaged, or random bytes."""
    size = draw(st.sampled_from(((48, 64), (48, 64, 3), (48, 64, 4), (1, 1), (7, 5, 3))))
    deep = draw(st.booleans())
    picture = np.full(size, draw(st.integers(0, 255)), np.uint16 if deep else np.uint8)
    suffix = draw(st.sampled_from(('.png', '.jpg') if not deep and size[-1] != 4 else ('.png',)))
    content = cv2.imencode(suffix, picture)[1].tobytes()
    cut = draw(st.just(len(content)) | st.integers(0, len(content)))
    damage = draw(st.just(b'') | st.binary(max_size=20))
    at = draw(st.integers(0, max(cut - 1, 0)))
    data = content[:at] + damage + content[at + len(damage):cut]
    form = draw(st.sampled_from(('jpeg', 'png', 'rgb8; jpeg compressed bgr8',
                                 '16UC1; compressedDepth png')) | word)
    return CompressedImage(header=draw(headers()), format=form,
                           data=draw(st.just(data) | st.binary(max_size=64)))


@st.composite
def camera_infos(draw):
    """Draw a CameraInfo: the right one with some fields of it replaced."""
    k = list(CAMERA.matrix.reshape(-1))
    for index in draw(st.lists(st.integers(0, 8), max_size=9)):
        k[index] = draw(number)
    roi = st.just(RegionOfInterest()) | st.builds(
        RegionOfInterest, x_offset=_uint32, y_offset=_uint32, height=_uint32, width=_uint32,
        do_rectify=st.booleans())
    return CameraInfo(
        header=draw(headers()), k=k, d=draw(st.lists(number, max_size=14)),
        p=draw(st.lists(number, min_size=12, max_size=12)),
        r=draw(st.lists(number, min_size=9, max_size=9)),
        width=draw(st.just(CAMERA.width) | st.integers(0, 200) | _uint32),
        height=draw(st.just(CAMERA.height) | st.integers(0, 200) | _uint32),
        distortion_model=draw(st.sampled_from(_MODELS) | word),
        binning_x=draw(st.integers(0, 3) | _uint32), binning_y=draw(st.integers(0, 3) | _uint32),
        roi=draw(roi))


points = st.builds(Point, x=number, y=number, z=number)
quaternions = st.one_of(
    st.builds(Quaternion, x=number, y=number, z=number, w=number),
    st.just(Quaternion(w=1.0)), st.just(Quaternion(w=0.0)))
poses = st.builds(Pose, position=points, orientation=quaternions)


@st.composite
def odometries(draw):
    """Draw an Odometry of the map, or of another frame."""
    message = Odometry(header=draw(headers()), child_frame_id=draw(frame))
    message.pose.pose = draw(poses)
    message.pose.covariance = draw(st.just([0.0] * 36) | st.lists(
        number, min_size=36, max_size=36))
    return message


def stamped_poses():
    """Draw a PoseStamped."""
    return st.builds(PoseStamped, header=headers(), pose=poses)


@st.composite
def transform_messages(draw):
    """Draw a TFMessage of up to four transforms; frames may form loops."""
    transforms = []
    for _ in range(draw(st.integers(0, 4))):
        one = TransformStamped(header=draw(headers()), child_frame_id=draw(frame))
        one.transform.translation = draw(st.builds(Vector3, x=number, y=number, z=number))
        one.transform.rotation = draw(quaternions)
        transforms.append(one)
    return TFMessage(transforms=transforms)
