# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Between the localiser and everyone else: outcomes pass the gate of the core, or are refused."""

from __future__ import annotations

from dataclasses import replace
import math
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.pipeline.tracking.odometry_gate import (
    GateOptions,
    OdometryGate,
    PoseMeasurement,
)
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome


def gate_options(options: RelocaliserOptions) -> GateOptions:
    """Return the GateOptions of RelocaliserOptions."""
    chosen = GateOptions(
        confidence=options.gate_confidence, agreeing=options.gate_agreeing,
        window=options.gate_window, drift_m_per_m=options.odometry_drift,
        drift_rad_per_rad=options.odometry_turn_drift,
        drift_rad_per_m=math.radians(options.odometry_heading_drift))
    return chosen if options.tf_mode == 'map_to_odom' else chosen.without_odometry()


class PoseFilter:
    """Holds accepted outcomes against odometry; without ``gate`` in the options all pass.

    Poses for which there is no odometry are held against one another.
    """

    def __init__(self, options: RelocaliserOptions) -> None:
        """Start without a fix."""
        self._options, self._gate = options, OdometryGate(gate_options(options))
        self._alone = OdometryGate(gate_options(options).without_odometry())

    def use(self, options: RelocaliserOptions) -> None:
        """Take other options; what is known is forgotten where they concern the gate."""
        if gate_options(options) != self._gate.options:
            self._gate = OdometryGate(gate_options(options))
            self._alone = OdometryGate(gate_options(options).without_odometry())
        self._options = options

    def reset(self) -> None:
        """Forget everything."""
        self._gate.reset()
        self._alone.reset()

    def examine(self, outcome: Outcome) -> tuple[Outcome, bool]:
        """Return the Outcome that the rest of the world sees, and whether it is a jump."""
        if not self._options.gate or not outcome.accepted:
            return outcome, False
        if outcome.odometry_missing:
            sure = self._alone.test(_measurement(outcome)).admitted
            return replace(outcome, admitted=False, sure=sure), False
        decision = self._gate.test(_measurement(outcome))
        sentence = f'{outcome.sentence} {decision.sentence}.'
        if decision.rejection is None:
            return replace(outcome, sentence=sentence), decision.jump
        return replace(outcome, rejection=decision.rejection, admitted=False,
                       sentence=f'{decision.rejection.sentence} {decision.sentence}.'), False


def _measurement(outcome: Outcome) -> PoseMeasurement:
    """Return what the gate judges: the robot where odometry tracks it, else what is seen."""
    if outcome.map_from_odom is None or outcome.map_from_base is None:
        pose, covariance, _ = outcome.tracked
        return PoseMeasurement(outcome.stamp_ns, pose, _covariance(covariance), np.eye(4))
    odom_from_base = invert_pose(outcome.map_from_odom) @ outcome.map_from_base
    return PoseMeasurement(outcome.stamp_ns, outcome.map_from_base,
                       _covariance(outcome.base_covariance), odom_from_base)


def _covariance(covariance: Optional[np.ndarray]) -> np.ndarray:
    return np.full((6, 6), np.nan) if covariance is None else np.asarray(covariance, np.float64)
