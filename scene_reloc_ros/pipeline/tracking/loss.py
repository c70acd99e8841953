# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Losses: what says that a robot is no longer where it was localised."""

from __future__ import annotations

from dataclasses import dataclass

from scene_reloc_ros.uncertainty.rejection import Reason


class LossReason(Reason):
    """Why a pose is not believed any more: the sentence for people, and the remedy."""

    TRACKING_NOT_OK = (
        'What tracks the robot says that tracking is lost.',
        'Let it find itself again; nothing is broadcast before. Or set tracking_topic to nothing.')
    ODOMETRY_IMPOSSIBLE = (
        'Odometry sends what is no pose: NaN, or a quaternion without direction.',
        'Let odometry find itself again; nothing is broadcast before.')
    ODOMETRY_UNCERTAIN = (
        'The covariance of odometry says that it is lost, or grew too much since the last pose.',
        'Let odometry find itself again; or raise trust_distance and trust_angle.')
    ODOMETRY_JUMP = (
        'Odometry is where no robot gets in that time.',
        'Nothing, where it passes; else raise odometry_speed_limit or odometry_turn_limit.')
    ODOMETRY_GAP = (
        'Odometry has stopped.',
        'Start it again; where it comes irregularly raise odometry_gap_limit.')
    ODOMETRY_DISAGREES = (
        'Odometry disagrees with most of the newest poses.',
        'Look for slipping wheels or a wrong scale; or raise odometry_drift.')
    DIAGNOSTICS_ERROR = (
        'A part that watch_diagnostics names reports an error, or nothing.',
        'Repair it; nothing is broadcast before.')
    CAMERA_SILENT = (
        'No image comes, and nothing else tells where the robot is.',
        'Start the camera; the sentence of no_image says more.')
    POSE_TOO_OLD = (
        'The last pose is too old, or odometry has gone too far since.',
        'Let the camera see; or raise trust_time, trust_distance and trust_angle.')


@dataclass(frozen=True)
class Loss:
    """One loss: what kind, and the sentence with figures."""

    reason: LossReason
    sentence: str
