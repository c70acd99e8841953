# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The ways in which a robot is lost on a drive: what is told in each, and what has to be seen."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import numpy as np

from scene_reloc_ros.pipeline.tracking.loss import LossReason

SILENT_S = 0.5  # from a loss to ready false and the last word on a pose
_STATED = (1e-3, 1e-3, 1e6, 1e6, 1e6, 3e-2)  # of wheels: z, roll and pitch are not known


def _covariance(*variances: float) -> np.ndarray:
    return np.diag(variances)


@dataclass(frozen=True)
class Told:
    """What odometry tells: the truth, with a little drift, but for what stands here."""

    covariance: np.ndarray = field(default_factory=lambda: _covariance(*_STATED))  # (6, 6)
    directed: bool = True  # False: its quaternion is zero, as of trackers that are lost
    silent: bool = False
    jump_m: float = 0.0  # once, as this begins, along x
    slip_m_s: float = 0.0  # as long as it lasts, along x


@dataclass(frozen=True)
class Way:
    """One way to be lost."""

    reason: LossReason  # that has to be given
    told: Told = field(default_factory=Told)
    lasts: bool = False  # whether poses have to be refused until it is healed
    flag: bool = True  # on tracking_ok
    healthy: bool = True  # on /diagnostics
    sees: bool = False  # whether images go on to come until the loss
    waits: str = ''  # parameter of the relocaliser that says for how long


WAYS: dict[str, Way] = {
    'tracking_ok false': Way(LossReason.TRACKING_NOT_OK, lasts=True, flag=False),
    'diagnostics': Way(LossReason.DIAGNOSTICS_ERROR, lasts=True, healthy=False),
    'odometry null': Way(LossReason.ODOMETRY_IMPOSSIBLE, Told(directed=False), lasts=True),
    'covariance NaN': Way(LossReason.ODOMETRY_UNCERTAIN, Told(np.full((6, 6), math.nan)),
                          lasts=True),
    'covariance 9999': Way(LossReason.ODOMETRY_UNCERTAIN, Told(9999.0 * np.eye(6)), lasts=True),
    'covariance grows': Way(LossReason.ODOMETRY_UNCERTAIN, Told(_covariance(
        9.0, 9.0, *_STATED[2:]))),
    'gap': Way(LossReason.ODOMETRY_GAP, Told(silent=True),
               waits='odometry_gap_limit'),
    'jump': Way(LossReason.ODOMETRY_JUMP, Told(jump_m=9.0)),
    'camera silent': Way(LossReason.CAMERA_SILENT, waits='trust_time'),
    'odometry slips': Way(LossReason.ODOMETRY_DISAGREES, Told(slip_m_s=1.5), sees=True)}
