# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Assessment of a solved pose: its covariance, and the decision whether it is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import invert_pose, turned_covariance
from scene_reloc_ros.solver.problem import PoseProblem, SolverResult
from scene_reloc_ros.uncertainty.acceptance import (
    AcceptanceOptions,
    explain,
    probability_right,
)
from scene_reloc_ros.uncertainty.ambiguity import distinct_share
from scene_reloc_ros.uncertainty.covariance import (
    camera_covariance,
    map_covariance,
    probability_within,
    with_ray_deviation,
)
from scene_reloc_ros.uncertainty.features import confidence_features, PoseContext
from scene_reloc_ros.uncertainty.image_quality import image_rejection
from scene_reloc_ros.uncertainty.model import CovarianceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

_LARGEST_SECOND_BEST = 0.9  # score of another pose, of that of the best; beyond, either is right
_LIKELY_WRONG = 0.5  # probability of a wrong calibration that explains an uncertain pose
_LEAST_DISTINCT = 0.2  # share of the inliers that no other part of the map looks like


@dataclass(frozen=True)
class AssessedPose:
    """The best pose of a query, believed or not."""

    map_from_cam: np.ndarray  # (4, 4) float64, metres
    covariance: np.ndarray  # (6, 6), as that of a Localisation
    probability: float  # that it is within the bounds asked for
    features: dict[str, float]  # name -> value, larger is better
    novelty: float  # from the nearest mapping view, unitless

    def placed(self, placement: np.ndarray) -> AssessedPose:
        """Return it as it is seen from another frame, of which (4, 4) leads there."""
        return replace(self, map_from_cam=placement @ self.map_from_cam,
                       covariance=turned_covariance(self.covariance, placement[:3, :3]))


@dataclass(frozen=True)
class CameraSpread:
    """What a doubtful calibration adds to the covariance of a pose."""

    covariance: np.ndarray  # (6, 6) of the twist
    probability: float  # that the calibration is wrong


@dataclass(frozen=True)
class Evidence:
    """What speaks for a pose, and against it."""

    right: float  # probability that it is no gross error
    distinct: float  # share of the inliers of which the map knows no other such place
    second_best_ratio: float  # score of another pose, of its own
    away_m: float  # from the nearest mapping camera, metres
    features: dict[str, float]


class PoseAssessor:
    """Weighs the poses of one map by what it knows of its own errors."""

    def __init__(self, model: UncertaintyModel, views: torch.Tensor,
                 ambiguous: torch.Tensor, options: AcceptanceOptions, threshold_px: float):
        """Take the tables of a map.

        Args:
            model: of the map.
            views: (F, 4, 4) map_from_cam of the mapping frames, metres.
            ambiguous: (K,) int64, voxels that some other part of the map looks like.
            options: what a pose has to be to be believed.
            threshold_px: of the solver's inliers, pixels.
        """
        self.model = model
        self._views, self._ambiguous = views.double(), ambiguous
        self._options, self._threshold_px = options, threshold_px

    def assess(self, query: Query, solved: SolverResult | Rejection,
               camera: CameraSpread | None = None,
               ) -> tuple[AssessedPose | None, Rejection | None]:
        """Return the pose of a query (None: there is none) and why it is not believed.

        A poor picture explains the rest: whatever speaks against a pose, its reason comes first.

        Args:
            query: what was asked.
            solved: what the solver says of it.
            camera: what is doubted of its calibration; None: nothing.
        """
        pose: AssessedPose | None = None
        rejection: Rejection | None
        if isinstance(solved, Rejection):
            rejection = solved
        else:
            pose, rejection = self._weigh(query, solved, camera)
        if rejection is not None:
            rejection = image_rejection(query.quality, self.model.images) or rejection
        return pose, rejection

    def _weigh(self, query: Query, result: SolverResult, camera: CameraSpread | None,
               ) -> tuple[AssessedPose, Rejection | None]:
        """Return a solved pose with covariance and probability, and the Rejection or None."""
        cam_from_map = result.cam_from_map.cpu()
        map_from_cam = invert_pose(cam_from_map)
        novelty = float(view_novelty(map_from_cam, self._views).min())
        covariance = camera_covariance(result.information.cpu(), novelty,
                                       self._covariance_model(query.problem))
        away = float((self._views[:, :3, 3] - map_from_cam[:3, 3]).norm(dim=-1).min())
        covariance = with_ray_deviation(covariance, self.model.ray_deviation * away)
        context = PoseContext(covariance, novelty,
                              distinct_share(result, query.problem, self._ambiguous),
                              self.model.images, self._threshold_px)
        features = confidence_features(query, result, context)
        if camera is not None:  # a cell agrees as well with a pose that a wrong camera moves
            covariance = covariance + torch.from_numpy(camera.covariance)
        probability, rejection = self.decide(covariance, Evidence(
            probability_right(features, self.model.acceptance),
            1.0 if query.regressed is not None else context.distinct,
            result.second_best_ratio, away, features), 0.0 if camera is None
            else camera.probability)
        pose = AssessedPose(map_from_cam.numpy(), map_covariance(cam_from_map, covariance).numpy(),
                            probability, features, novelty)
        return pose, rejection

    def decide(self, covariance: torch.Tensor, evidence: Evidence,
               miscalibrated: float) -> tuple[float, Rejection | None]:
        """Return the probability that a pose is within the bounds, and why it is not believed.

        Args:
            covariance: (6, 6) of the twist.
            evidence: of the pose.
            miscalibrated: probability that a calibration is wrong.
        """
        within = probability_within(covariance, self._options.within_m, self._options.within_deg)
        right = evidence.right
        rejection = self._rejection(right, within, evidence.away_m, evidence.features)
        if rejection is Rejection.UNCERTAIN and miscalibrated > _LIKELY_WRONG:
            rejection = Rejection.MISCALIBRATED
        if evidence.distinct < _LEAST_DISTINCT:
            # what agrees is seen in another place as well: one of two at best
            right, rejection = right / 2, Rejection.AMBIGUOUS
        elif evidence.second_best_ratio > _LARGEST_SECOND_BEST:
            right, rejection = right / 2, rejection or Rejection.AMBIGUOUS
        return right * within, rejection

    def _covariance_model(self, problem: PoseProblem) -> CovarianceModel:
        """Return the model of a query with or without depth."""
        if problem.depths is None or self.model.rgbd is None:
            return self.model.rgb
        return self.model.rgbd

    def _rejection(self, right: float, within: float, away: float,
                   features: dict[str, float]) -> Rejection | None:
        """Return the Rejection of a pose that is not believed, else None."""
        if away > self._options.map_margin_m:
            return Rejection.OUTSIDE_MAP
        if right * within >= self._options.probability:
            return None
        if right >= self._options.probability:
            return Rejection.UNCERTAIN
        return explain(features, self.model.acceptance)
