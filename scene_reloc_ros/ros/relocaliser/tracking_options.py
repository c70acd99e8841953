# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the relocaliser about being lost: which images it works on, what it watches."""

from __future__ import annotations

from dataclasses import dataclass

from scene_reloc_ros.pipeline.tracking.odometry_trust import TrustOptions
from scene_reloc_ros.pipeline.tracking.odometry_watch import WatchOptions
from scene_reloc_ros.pipeline.tracking.supervisor import MODES, SupervisorOptions
from scene_reloc_ros.ros.node.camera_options import CameraParameters
from scene_reloc_ros.ros.node.parameter_fields import parameter
from scene_reloc_ros.uncertainty.pose_plausibility import MotionBounds

_SUPERVISOR, _TRUST, _WATCH = SupervisorOptions(), TrustOptions(), WatchOptions()


@dataclass(frozen=True)
class TrackingParameters(CameraParameters):
    """Every field is a ROS parameter of the node ``relocaliser``."""

    mode: str = parameter(
        _SUPERVISOR.mode, 'Which images are localised: all that the machine keeps up with, those '
        'while the robot is not localised or its pose has become doubtful, or those after a call '
        'of ~/relocalise or reinitialize_global_localization.', choices=MODES)
    frame_step: int = parameter(
        _SUPERVISOR.step, 'With continuous, while localised: every so many images.',
        unit='images', limits=(1, 10_000))
    frame_rate: float = parameter(
        _SUPERVISOR.rate_hz, 'With continuous, while localised: no more often than that. 0: any.',
        unit='Hz', limits=(0.0, 1000.0))
    tracking_topic: str = parameter(
        'tracking_ok', 'std_msgs/Bool topic of what tracks the robot between images; false: it '
        'is lost, until true. Empty: none.', read_only=True)
    odometry_topic: str = parameter(
        'odom', 'nav_msgs/Odometry topic that is watched for signs of a loss, with tf_mode '
        'map_to_odom. Empty: none.', read_only=True)
    watch_diagnostics: str = parameter(
        '', 'Names on /diagnostics, with commas between them; * stands for anything. One at '
        'ERROR or STALE: the robot is lost, until it is better. Empty: none.', read_only=True)
    odometry_speed_limit: float = parameter(
        _WATCH.bounds.metres_s, 'Odometry that is faster has jumped: the robot is lost. 0: any.',
        unit='m/s', limits=(0.0, 1000.0))
    odometry_turn_limit: float = parameter(
        _WATCH.bounds.degrees_s, 'The same of its rotation. 0: any.', unit='degrees/s',
        limits=(0.0, 10000.0))
    odometry_gap_limit: float = parameter(
        _WATCH.gap_s, 'Silence of odometry_topic that is a loss, where it is also five times '
        'longer than usual. 0: none is.', unit='s', limits=(0.0, 60.0))
    trust_distance: float = parameter(
        _TRUST.distance_m, 'Odometry alone is trusted until its standard deviation since the '
        'last pose, by its drift or its own covariance, is this. 0: any.', unit='m',
        limits=(0.0, 1e6))
    trust_angle: float = parameter(
        _TRUST.angle_deg, 'The same of its heading. 0: any.', unit='degrees', limits=(0.0, 1e6))
    trust_time: float = parameter(
        _TRUST.seconds, 'Longest time that the last pose is carried on without another. 0: any.',
        unit='s', limits=(0.0, 1e6))

    def supervision(self) -> SupervisorOptions:
        """Return the options of the Supervisor."""
        return SupervisorOptions(self.mode, self.frame_step, self.frame_rate)

    def trust(self) -> TrustOptions:
        """Return the options of OdometryTrust."""
        return TrustOptions(self.trust_distance, self.trust_angle, self.trust_time)

    def watch(self) -> WatchOptions:
        """Return the options of OdometryWatch."""
        return WatchOptions(
            MotionBounds(self.odometry_speed_limit, self.odometry_turn_limit),
            self.trust_distance, self.trust_angle, self.odometry_gap_limit)

    def watched_names(self) -> tuple[str, ...]:
        """Return the patterns of ``watch_diagnostics``."""
        return tuple(name.strip() for name in self.watch_diagnostics.split(',') if name.strip())
