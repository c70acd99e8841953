# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Between ROS messages and the core's poses, stamps and cameras."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Pose, Transform, TransformStamped
import numpy as np
from sensor_msgs.msg import CameraInfo

from scene_reloc_ros.geometry.camera import Camera, refuse_unusable_size
from scene_reloc_ros.ros.compat.upstream import quaternion_from_matrix, quaternion_matrix

_LEAST_LENGTH = 1e-6  # of a quaternion that still has a direction


def nanoseconds(stamp: TimeMessage) -> int:
    """Return a builtin_interfaces/Time as integer nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def stamp_message(stamp_ns: int) -> TimeMessage:
    """Return integer nanoseconds as a builtin_interfaces/Time, or the nearest that one can be.

    Images come with stamps before 1970 too, and are told by them.
    """
    seconds, rest = divmod(stamp_ns, 1_000_000_000)
    return TimeMessage(sec=min(max(seconds, -2 ** 31), 2 ** 31 - 1), nanosec=rest)


def pose_message(a_from_b: np.ndarray) -> Pose:
    """Return a (4, 4) pose as a geometry_msgs/Pose."""
    matrix = np.asarray(a_from_b, np.float64)
    message = Pose()
    p, q = message.position, message.orientation
    p.x, p.y, p.z = matrix[:3, 3].tolist()
    q.x, q.y, q.z, q.w = (float(value) for value in quaternion_from_matrix(matrix))
    return message


def pose_of_message(message: Pose) -> np.ndarray:
    """Return a geometry_msgs/Pose as a (4, 4) float64 pose; ValueError where it has none."""
    p, q = message.position, message.orientation
    return _pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))


def transform_message(a_from_b: np.ndarray, frame_a: str, frame_b: str,
                      stamp_ns: int) -> TransformStamped:
    """Return a (4, 4) pose as a TransformStamped from frame_a to its child frame_b."""
    message = TransformStamped(child_frame_id=frame_b)
    message.header.frame_id = frame_a
    message.header.stamp = stamp_message(stamp_ns)
    pose = pose_message(a_from_b)
    t = message.transform.translation
    t.x, t.y, t.z = pose.position.x, pose.position.y, pose.position.z
    message.transform.rotation = pose.orientation
    return message


def pose_of_transform(message: Transform) -> np.ndarray:
    """Return a geometry_msgs/Transform as a (4, 4) float64 pose."""
    t, q = message.translation, message.rotation
    return _pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))


def camera_of_message(message: CameraInfo, rectified: bool = False) -> Camera:
    """Return the Camera of a sensor_msgs/CameraInfo; ValueError names what is wrong.

    Binning and a region of interest are taken into account as image_geometry does.

    Args:
        message: of the camera's driver.
        rectified: its images are rectified: P holds, and D does not.
    """
    size = message.width, message.height
    camera = Camera.from_projection(*size, message.p) if rectified else Camera.from_camera_info(
        *size, message.k, message.d, message.distortion_model)
    roi = message.roi
    if roi.width and roi.height:
        camera = camera.cropped(roi.x_offset, roi.y_offset, roi.width, roi.height)
    binning_x, binning_y = max(message.binning_x, 1), max(message.binning_y, 1)
    if binning_x * binning_y > 1:
        camera = camera.scaled(camera.width // binning_x, camera.height // binning_y)
    refuse_unusable_size(camera)
    return camera


def fill_camera_info(message: CameraInfo, camera: Camera) -> CameraInfo:
    """Write a Camera into a sensor_msgs/CameraInfo and return it."""
    k = camera.matrix.reshape(-1).tolist()
    message.width, message.height = camera.width, camera.height
    message.k = k
    message.p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    message.r = np.eye(3).reshape(-1).tolist()
    plain = camera.distortion_model == 'none'
    message.distortion_model = 'plumb_bob' if plain else camera.distortion_model
    message.d = [0.0] * 5 if plain else [float(value) for value in camera.distortion]
    return message


def _pose(translation: tuple[float, float, float],
          quaternion: tuple[float, float, float, float]) -> np.ndarray:
    if not np.isfinite(translation).all():
        raise ValueError(f'translation {translation} contains NaN or Inf')
    length = math.hypot(*quaternion)
    if not math.isfinite(length) or length < _LEAST_LENGTH:  # upstream makes it the identity
        raise ValueError(f'quaternion {list(quaternion)} has no direction; expected length 1')
    pose = np.array(quaternion_matrix(quaternion), np.float64)
    pose[:3, 3] = translation
    return pose
