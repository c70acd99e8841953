# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Options of the relocaliser node: the one place of its defaults."""

from __future__ import annotations

from dataclasses import dataclass
import math

from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions
from scene_reloc_ros.ros.node.camera_options import CameraParameters
from scene_reloc_ros.ros.node.parameter_fields import parameter, redescribed
from scene_reloc_ros.ros.relocaliser.maps.map_options import MapParameters
from scene_reloc_ros.ros.relocaliser.sight.options import SightParameters
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions

_ACCEPTANCE, _GATE = AcceptanceOptions(), GateOptions()


@dataclass(frozen=True)
class RelocaliserOptions(SightParameters, MapParameters):
    """Every field is a ROS parameter of the node ``relocaliser``."""

    seed: int = redescribed(CameraParameters, 'seed', 'Seed of the hypothesis sampling.')
    odom_frame: str = parameter('odom', 'Frame of the odometry, parent of base_frame.')
    base_frame: str = redescribed(
        CameraParameters, 'base_frame', 'Frame of the robot, child of odom_frame.')
    use_depth: bool = redescribed(
        CameraParameters, 'use_depth', 'Use the topic depth (16UC1 mm or 32FC1 m, registered to '
        'the image) too; the map has to be made with depth.')
    tf_mode: str = parameter(
        'map_to_odom', 'map_to_odom needs an odometry tree; map_to_camera is for a camera '
        'without one.', choices=('map_to_odom', 'map_to_camera'))
    publish_tf: bool = parameter(True, 'Broadcast the transform of tf_mode on /tf.')
    tf_rate: float = parameter(
        30.0, 'How often the transform is broadcast again.', unit='Hz',
        limits=(1.0, 200.0), read_only=True)
    transform_tolerance: float = parameter(
        0.1, 'How far into the future the broadcast transform is stamped.', unit='s',
        limits=(0.0, 2.0))
    tf_wait: float = redescribed(
        CameraParameters, 'tf_wait',
        'How long the odometry at the stamp of an image is waited for.')
    pose_of: str = parameter(
        'base', 'What ~/pose tells: the pose of base_frame or of the camera.',
        choices=('base', 'camera'))
    initialpose_frame: str = parameter(
        'map', 'What the header of ~/initialpose names: map, as most expect, or base, as '
        'rtabmap does on global_pose, where it is the frame of the sensor.',
        choices=('map', 'base'))
    accept_within: float = parameter(
        _ACCEPTANCE.within_m, 'A pose is believed where its position is probably within this.',
        unit='m', limits=(0.001, 10.0), read_only=True)
    accept_angle: float = parameter(
        _ACCEPTANCE.within_deg, 'A pose is believed where its rotation is probably within this.',
        unit='degrees', limits=(0.01, 180.0), read_only=True)
    accept_probability: float = parameter(
        _ACCEPTANCE.probability, 'How probable both have to be.', limits=(0.01, 0.999),
        read_only=True)
    gate: bool = parameter(
        True, 'Keep poses back that odometry does not explain, until several agree.')
    gate_confidence: float = parameter(
        _GATE.confidence, 'Probability that a right pose passes the chi-square test against '
        'odometry.', limits=(0.5, 0.999999))
    gate_agreeing: int = parameter(
        _GATE.agreeing, 'Poses that have to agree before the first fix, and before a jump.',
        unit='frames', limits=(1, 100))
    gate_window: int = parameter(
        _GATE.window, 'Newest disagreeing poses among which they are looked for.', unit='frames',
        limits=(1, 100))
    odometry_drift: float = parameter(
        _GATE.drift_m_per_m, 'Standard deviation of odometry, metres per metre.',
        limits=(0.0, 1.0))
    odometry_turn_drift: float = parameter(
        _GATE.drift_rad_per_rad, 'Standard deviation of its heading, degrees per degree turned.',
        limits=(0.0, 1.0))
    odometry_heading_drift: float = parameter(
        round(math.degrees(_GATE.drift_rad_per_m), 3), 'Standard deviation of its heading for '
        'every metre.', unit='degrees', limits=(0.0, 90.0))
    slew_translation: float = parameter(
        0.0, 'Fastest that a correction may move the robot; jumps are not slowed. 0: no limit.',
        unit='m/s', limits=(0.0, 100.0))
    slew_rotation: float = parameter(
        0.0, 'Fastest that a correction may turn the robot. 0: no limit.', unit='degrees/s',
        limits=(0.0, 10000.0))
    stamp_age_limit: float = parameter(
        5.0, 'Oldest image that is localised. 0: any.', unit='s', limits=(0.0, 1e6))
    stamp_future_limit: float = parameter(
        0.5, 'Farthest that an image may be stamped ahead of the clock. 0: any.', unit='s',
        limits=(0.0, 1e6))
    lost_after_frames: int = parameter(
        10, 'Refused frames in a row after which ~/ready goes false and the broadcast stops.',
        unit='frames', limits=(1, 1000))
    relocalise_timeout: float = parameter(
        5.0, 'How long ~/relocalise tries before it answers that it failed.', unit='s',
        limits=(0.1, 120.0))
    scene_cloud_points: int = parameter(
        10_000, 'Most points of ~/scene_cloud; where a map has more, those of a voxel are joined.',
        unit='points', limits=(1, 1_000_000), read_only=True)
    path_poses: int = parameter(
        1000, 'Newest accepted poses that ~/path shows.', unit='poses', limits=(1, 100_000))
    marker_size: float = parameter(
        0.5, 'Length of the camera on ~/markers; its text is in proportion.', unit='m',
        limits=(0.001, 100.0))

    def __post_init__(self) -> None:
        """Refuse values outside their ranges, and frames that collide."""
        super().__post_init__()
        frames = (self.map_frame, self.odom_frame, self.base_frame)
        if not all(frames) or len(set(frames)) < 3:
            raise ValueError(f'map_frame, odom_frame and base_frame are {frames}; expected three '
                             'different names')
        if self.gate_agreeing > self.gate_window:
            raise ValueError(f'gate_agreeing is {self.gate_agreeing}, gate_window '
                             f'{self.gate_window}; expected no more than the window')
