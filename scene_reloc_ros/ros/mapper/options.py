# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Options of the mapper node: the one place of its defaults."""

from __future__ import annotations

from dataclasses import dataclass

from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.methods.registry import METHODS
from scene_reloc_ros.network.weights import DEFAULT_ENCODER
from scene_reloc_ros.ros.node.camera_options import CameraParameters
from scene_reloc_ros.ros.node.parameter_fields import parameter, redescribed
from scene_reloc_ros.uncertainty.pose_plausibility import MotionBounds

_BOUNDS = MotionBounds()


@dataclass(frozen=True)
class MapperNodeOptions(CameraParameters):
    """Every field is a ROS parameter of the node ``mapper``."""

    folder: str = parameter(
        '~/.ros/scene_reloc', 'Recordings go to its recordings/, maps to its maps/.')
    session: str = parameter(
        '', 'Name of a recording in recordings/ that ~/resume goes on with and ~/train trains. '
        'Empty: ~/resume takes the newest without a map, ~/train the present one.')
    pose_source: str = parameter(
        'tf', 'Where the camera pose in the map comes from: tf (map_frame to the camera), or the '
        'topic odom (nav_msgs/Odometry) or pose (geometry_msgs/PoseStamped) of base_frame.',
        choices=('tf', 'odom', 'pose'), read_only=True)
    base_frame: str = redescribed(
        CameraParameters, 'base_frame', 'Frame that the topics odom and pose speak of.')
    use_depth: bool = redescribed(
        CameraParameters, 'use_depth',
        'Record the topic depth (16UC1 mm or 32FC1 m, registered to the image) too.')
    tf_wait: float = redescribed(
        CameraParameters, 'tf_wait', 'How long the pose at the stamp of an image is waited for.')
    key_frame_translation: float = parameter(
        0.05, 'A frame is kept when the camera has moved this far since the last one.', unit='m',
        limits=(0.0, 5.0))
    key_frame_rotation: float = parameter(
        3.0, 'A frame is kept when the camera has turned this far since the last one.',
        unit='degrees', limits=(0.0, 90.0))
    key_frame_interval: float = parameter(
        0.0, 'Least time between two frames that are kept.', unit='s', limits=(0.0, 60.0))
    blur_limit: float = parameter(
        0.4, 'A picture is not kept when its sharpness is less than this share of the median of '
        'those before. 0: any is.', limits=(0.0, 1.0))
    check_exposure: bool = parameter(
        True, 'Pictures that are too dark or too bright to show anything are not kept.')
    max_frames: int = parameter(
        10_000, 'Key frames that a recording may have; beyond, those that others are near to '
        'make room for views that are new. 0: any number.', limits=(0, 1_000_000))
    max_disk_mb: float = parameter(
        20_000.0, 'The same of what its pictures take on disk. 0: any amount.', unit='MB',
        limits=(0.0, 1e8))
    pose_speed_limit: float = parameter(
        _BOUNDS.metres_s, 'A pose that is reached faster is a jump, and its frame is not kept, '
        'until several go on from there. 0: any.', unit='m/s', limits=(0.0, 1000.0))
    pose_turn_limit: float = parameter(
        _BOUNDS.degrees_s, 'The same of its rotation. 0: any.', unit='degrees/s',
        limits=(0.0, 10000.0))
    pose_gap_limit: float = parameter(
        1.0, 'Longest time between two poses that one is interpolated between. 0: any.',
        unit='s', limits=(0.0, 60.0))
    pose_time_offset: float = parameter(
        0.0, 'The pose of an image is taken this long after its stamp, where the clocks of camera '
        'and poses differ, as `conventions` in `~/status` says.', unit='s', limits=(-10.0, 10.0))
    pose_deviation_limit: float = parameter(
        10.0, 'A pose of the topic odom is not believed where its covariance says that its '
        'position has a larger standard deviation. 0: any.', unit='m', limits=(0.0, 1e6))
    pose_turn_deviation_limit: float = parameter(
        60.0, 'The same of its rotation. 0: any.', unit='degrees', limits=(0.0, 1e6))
    instant_map: float = parameter(
        5.0, 'How often a map of the key frames so far is offered on ~/map_ready while they are '
        'recorded; less often where it is large. 0: never.', unit='s', limits=(0.0, 600.0))
    method: str = parameter('ace', 'Method of the trained map.', choices=tuple(METHODS))
    preset: str = parameter('standard', 'Effort of the training.',
                            choices=tuple(PRESETS))
    encoder: str = parameter(
        DEFAULT_ENCODER, 'Encoder of the package, where the method has one, or a file of '
        'scene_reloc pretrain, or a .pt checkpoint in the layout of ACE.')
    minutes: float = parameter(
        0.0, 'Length of the training instead of the one of the preset; 0: as in the preset.',
        unit='minutes', limits=(0.0, 240.0))
    device: str = redescribed(CameraParameters, 'device', 'Where the training runs.')
    seed: int = redescribed(CameraParameters, 'seed', 'Seed of the training.')
    niceness: int = parameter(
        5, 'Niceness of the training process, so that the robot goes on driving.', limits=(0, 19))


def motion_bounds(options: MapperNodeOptions) -> MotionBounds:
    """Return the MotionBounds of the options."""
    return MotionBounds(options.pose_speed_limit, options.pose_turn_limit)
