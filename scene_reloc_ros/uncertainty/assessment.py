# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From a solved pose to one with a covariance, and the decision whether it is believed."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.uncertainty.acceptance import (
    explain,
    poor_picture,
    probability_right,
    UNCALIBRATED,
)
from scene_reloc_ros.uncertainty.covariance import (
    camera_covariance,
    map_covariance,
    probability_within,
)
from scene_reloc_ros.uncertainty.features import Context, distinct_share, gather, Scene
from scene_reloc_ros.uncertainty.rejection import Rejection

_LARGEST_RIVAL = 0.9  # score of another pose, of that of the best; beyond, either may be right
_LEAST_DISTINCT = 0.2  # share of the inliers that no other part of the map looks like


@dataclass(frozen=True)
class AssessedPose:
    """The best pose of a query, believed or not."""

    map_from_cam: np.ndarray  # (4, 4) float64, metres
    covariance: np.ndarray  # (6, 6), as that of a Localisation
    probability: float  # that it is within the bounds asked for
    rejection: Optional[Rejection]  # why it is not believed
    evidence: dict  # name -> value, larger is better
    distance: float  # from the nearest mapping view, unitless


class PoseAssessor:
    """The tables of a map, by which its poses are weighed."""

    def __init__(self, scene_map, options):
        """Take them.

        Args:
            scene_map: SceneMap.
            options: LocaliserOptions.
        """
        self.calibration = scene_map.calibration or UNCALIBRATED
        self._views = scene_map.views.double()
        self._options = options.acceptance
        self._ambiguous = scene_map.ambiguous
        self._scene = Scene(self.calibration.images, options.solving.threshold_px)

    def assess(self, result, second_best_ratio, observed):
        """Return the AssessedPose of a SolverResult.

        Args:
            result: SolverResult.
            second_best_ratio: score of the best other pose, of that of this one.
            observed: Query.
        """
        cam_from_map = result.cam_from_map.cpu()
        map_from_cam = invert_pose(cam_from_map)
        distance = float(view_novelty(map_from_cam, self._views).min())
        error = camera_covariance(result.information.cpu(), distance,
                                  self._table(observed.problem))
        distinct = distinct_share(result, observed.problem, self._ambiguous)
        evidence = gather(result, observed, Context(second_best_ratio, distance, distinct), error,
                          self._scene)
        within = probability_within(error, self._options.within_m, self._options.within_deg)
        right = probability_right(evidence, self.calibration.acceptance)
        rejection = self._rejection(right, within, map_from_cam, evidence)
        if distinct < _LEAST_DISTINCT:
            # what agrees is seen in another place as well: one of two at best
            right, rejection = right / 2, Rejection.AMBIGUOUS
        elif second_best_ratio > _LARGEST_RIVAL:
            right, rejection = right / 2, rejection or Rejection.AMBIGUOUS
        if rejection is not None:  # a poor picture explains the rest
            rejection = poor_picture(observed.quality, self._scene.images) or rejection
        return AssessedPose(map_from_cam.numpy(), map_covariance(cam_from_map, error).numpy(),
                        right * within, rejection, evidence, distance)

    def _table(self, problem):
        """Return the CovarianceModel of a query with or without depth."""
        with_depth = problem.depths is not None and self.calibration.rgbd is not None
        return self.calibration.rgbd if with_depth else self.calibration.rgb

    def _rejection(self, right, within, map_from_cam, evidence):
        """Return the Rejection of a pose that is not believed, else None."""
        away = (self._views[:, :3, 3] - map_from_cam[:3, 3]).norm(dim=-1).min()
        if float(away) > self._options.map_margin_m:
            return Rejection.OUTSIDE_MAP
        if right * within >= self._options.probability:
            return None
        if right >= self._options.probability:
            return Rejection.UNCERTAIN
        return explain(evidence, self.calibration.acceptance)
