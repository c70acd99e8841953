# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Options of the dataset player: the one place of its defaults."""

from __future__ import annotations

from dataclasses import dataclass
import math

from scene_reloc_ros.ros.node.parameter_fields import parameter, refuse_invalid


@dataclass(frozen=True)
class DatasetPlayerOptions:
    """Every field is a ROS parameter of the node ``dataset_player``."""

    autostart: bool = parameter(
        True, 'Configure and activate by itself when started.', read_only=True)
    play_on_start: bool = parameter(
        False, 'Play as soon as the node is active instead of on ~/play.', read_only=True)
    sequence: str = parameter(
        'simulated:survey', 'Data set: a folder, or simulated:survey, simulated:return.')
    rectified: bool = parameter(
        False, 'The pictures of a folder are rectified: use projection_matrix of its camera.yaml '
        'and no distortion.')
    frames: str = parameter('', 'File with one frame name a line; empty: all frames.')
    first: int = parameter(0, 'Index of the first frame that is played.', unit='frames',
                           limits=(0, 10 ** 9))
    step: int = parameter(1, 'Play every step-th frame.', unit='frames', limits=(1, 1000))
    count: int = parameter(0, 'Play at most this many frames; 0: all.', unit='frames',
                           limits=(0, 10 ** 9))
    rate: float = parameter(10.0, 'Frames a second.', unit='Hz', limits=(0.1, 200.0))
    loop: bool = parameter(False, 'Start again at the end.')
    stamps: str = parameter('now', 'Stamp messages with the present time or as recorded.',
                            choices=('now', 'recorded'))
    map_frame: str = parameter('map', 'Frame that the poses of the data set are expressed in.')
    odom_frame: str = parameter('odom', 'Frame of the played odometry.')
    base_frame: str = parameter('base_link', 'Frame of the played robot.')
    camera_frame: str = parameter('camera_optical_frame', 'Optical frame of the played camera.')
    camera_position: tuple = parameter(
        (0.2, 0.0, 0.3), 'Where the camera sits in base_frame: x, y, z.', unit='m',
        limits=(-10.0, 10.0))
    camera_rpy: tuple = parameter(
        (-math.pi / 2, 0.0, -math.pi / 2), 'Roll, pitch and yaw of the optical frame in '
        'base_frame.', unit='radians', limits=(-math.tau, math.tau))
    publish_depth: bool = parameter(True, 'Publish depth where the data set has it.')
    depth_encoding: str = parameter('16UC1', 'Millimetres (16UC1) or metres (32FC1).',
                                    choices=('16UC1', '32FC1'))
    publish_map_to_odom: bool = parameter(
        False, 'Play the part of SLAM: broadcast the true transform from map_frame to odom_frame.')
    odometry_drift_translation: float = parameter(
        0.01, 'Standard deviation of the drift of the odometry after one metre.', unit='m',
        limits=(0.0, 1.0))
    odometry_drift_rotation: float = parameter(
        0.2, 'Standard deviation of the drift of the odometry after one metre.', unit='degrees',
        limits=(0.0, 45.0))
    odometry_start: tuple = parameter(
        (0.0, 0.0, 0.0, 0.0), 'Pose of the robot in odom_frame at the first frame: x, y, z and '
        'yaw; another one is what a kidnapped robot has.', unit='m and degrees',
        limits=(-10000.0, 10000.0))
    seed: int = parameter(0, 'Seed of the drift.', limits=(0, 2 ** 31 - 1))
    wait_for_subscribers: int = parameter(
        1, 'Subscribers of image that are waited for before the first frame.', limits=(0, 100))
    wait_timeout: float = parameter(
        20.0, 'How long subscribers are waited for.', unit='s', limits=(0.0, 600.0))
    pace_topic: str = parameter(
        '', 'Status topic of a node (such as /relocaliser/status); the next frame is played only '
        'after the node has answered the one before. Empty: play at the rate.')
    pace_timeout: float = parameter(
        2.0, 'How long such an answer is waited for.', unit='s', limits=(0.01, 60.0))

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        refuse_invalid(self)
