# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Assessment of one pose that several views share: a rig, or a sequence joined by odometry.

Views that show the same points err alike. So what a further view adds counts by the share of its
inliers that lie where no stronger view has any: a poster seen from five places is one poster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import adjoint, invert_pose
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.acceptance import log_odds_right, probability_of
from scene_reloc_ros.uncertainty.ambiguity import distinct_share, in_voxels, voxels_of
from scene_reloc_ros.uncertainty.assessment import (
    AssessedPose,
    CameraSpread,
    Evidence,
    PoseAssessor,
)
from scene_reloc_ros.uncertainty.covariance import (
    camera_covariance,
    map_covariance,
    with_ray_deviation,
)
from scene_reloc_ros.uncertainty.features import confidence_features, PoseContext
from scene_reloc_ros.uncertainty.fusion import fuse, Fusion, ViewEquations
from scene_reloc_ros.uncertainty.image_quality import image_rejection
from scene_reloc_ros.uncertainty.model import CovarianceModel
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

# Two wrong answers about different parts of a map agree with one another once in ten times: what
# a further view that is wholly new may add to the log odds, or take from them.
_AGREEMENT = math.log(10)
_APART = 0.5  # view novelty from which on errors of two views are independent, unitless
_OF_ALL = ('position_precision', 'second_best_margin')  # features that the joint pose has


@dataclass(frozen=True)
class JointView:
    """One of the views that share a pose, in the frame of the first of them."""

    query: Query
    result: SolverResult  # its own pose as the joint one has it, its inliers and score
    cam_from_first: torch.Tensor  # (4, 4) float64, metres
    equations: ViewEquations  # of the twist of the first view
    worth: float = 1.0  # of its cells, whose place has drifted
    camera: CameraSpread | None = None  # what is doubted of its calibration, in its own frame


@dataclass(frozen=True)
class _Weighed:
    """Views of one pose with what they are worth."""

    views: Sequence[JointView]
    counts: torch.Tensor  # (V,) what the inliers of each count, sum 1
    new: torch.Tensor  # (V,) share of the inliers that no stronger view has
    novelties: list[float]  # V, from the nearest mapping view
    distinct: list[float]  # V, share of the inliers of which the map knows no other such place

    def own_errors(self) -> torch.Tensor:
        """Return how much (V,) of the errors of each view no stronger one has, 0 to 1.

        Views from one spot err alike, and so do points that are seen again: what is new is of a
        view's own, or all of it where it was taken from elsewhere.
        """
        poses = torch.stack([invert_pose(view.result.cam_from_map) for view in self.views])
        order, own = self.counts.argsort(descending=True, stable=True), self.new.clone()
        for place in range(1, len(order)):
            nearest = view_novelty(poses[order[place]], poses[order[:place]]).min()
            own[order[place]] = max(float(own[order[place]]), min(1.0, float(nearest) / _APART))
        return own

    def mean(self, values: Sequence[float]) -> float:
        """Return the mean of values (V,), by what the inliers of each view count."""
        return float(self.counts @ torch.tensor(values, dtype=torch.float64))


class JointAssessor(PoseAssessor):
    """Weighs poses of one view, and poses that several views share."""

    def assess_views(self, views: Sequence[JointView],
                     joint: SolverResult) -> tuple[AssessedPose, Rejection | None]:
        """Return the pose of the first of some views, and why it is not believed.

        Args:
            views: that were solved together, beside the pose that ``step`` leaves alone.
            joint: their SolverResult; its pose is that of the first view.
        """
        weighed = self._weighed(views)
        away = weighed.mean([self._away(view) for view in views])
        fusion = self._fused(weighed)
        covariance = self._joint_covariance(weighed, fusion, away)
        features, odds = self._joint_odds(weighed, covariance)
        cameras = [view.camera.probability for view in views if view.camera is not None]
        evidence = Evidence(probability_of(odds), weighed.mean(weighed.distinct),
                            joint.second_best_ratio, away, features)
        probability, rejection = self.decide(covariance, evidence, max(cameras, default=0.0))
        if rejection is not None:
            rejection = image_rejection(views[0].query.quality, self.model.images) or rejection
        pose = joint.cam_from_map.double().cpu()
        return AssessedPose(invert_pose(pose).numpy(), map_covariance(pose, covariance).numpy(),
                            probability, features, weighed.mean(weighed.novelties)), rejection

    def _weighed(self, views: Sequence[JointView]) -> _Weighed:
        counts = torch.tensor([view.worth * max(view.result.score, 1e-6)
                               for view in views]).double()
        novelties = [float(view_novelty(invert_pose(view.result.cam_from_map), self._views).min())
                     for view in views]
        distinct = [distinct_share(view.result, view.query.problem, self._ambiguous)
                    for view in views]
        return _Weighed(views, counts / counts.sum(), _new_shares(views, counts), novelties,
                        distinct)

    def _away(self, view: JointView) -> float:
        """Return how far a view is from the nearest mapping camera, metres."""
        place = invert_pose(view.result.cam_from_map)[:3, 3]
        return float((self._views[:, :3, 3] - place).norm(dim=-1).min())

    def step(self, views: Sequence[JointView]) -> torch.Tensor:
        """Return the twist (6,) of the first of some views towards the pose that they agree on.

        A solver takes drift for noise of single cells. What a view says that has drifted weighs as
        little as its place is known, and one that has not says all that it knows.
        """
        return self._fused(self._weighed(views)).twist

    def _fused(self, weighed: _Weighed) -> Fusion:
        """Return the Fusion of the views, each for as much as its errors are its own."""
        return fuse([view.equations.times(float(own))
                     for view, own in zip(weighed.views, weighed.own_errors())],
                    self._model_of(weighed.views).translation_scale)

    def _model_of(self, views: Sequence[JointView]) -> CovarianceModel:
        """Return the model of views of which all have depth, or not."""
        problem = views[0].query.problem
        measured = all(view.query.problem.depths is not None for view in views)
        return self._covariance_model(problem if measured else replace(problem, depths=None))

    def _joint_covariance(self, weighed: _Weighed, fusion: Fusion, away: float) -> torch.Tensor:
        """Return the covariance (6, 6) of the twist of the first view, drift included."""
        views = weighed.views
        covariance = fusion.drift + with_ray_deviation(
            camera_covariance(fusion.information, weighed.mean(weighed.novelties),
                              self._model_of(views)), self.model.ray_deviation * away)
        for count, view in zip(weighed.counts, views):
            if view.camera is not None:  # of one camera they are alike: the mean is no less
                carry = adjoint(invert_pose(view.cam_from_first))
                covariance = covariance + count * (
                    carry @ torch.from_numpy(view.camera.covariance) @ carry.T)
        return covariance

    def _joint_odds(self, weighed: _Weighed,
                    covariance: torch.Tensor) -> tuple[dict[str, float], float]:
        """Return the features of a pose of several views, and its log odds of being right.

        Features are the means of those that each view has beside the joint pose, by what its
        inliers count; precision and second best are those of the joint pose. A further view
        agrees, or does not: that adds its own odds and what agreement is worth, within bounds,
        as far as it is new. A poor picture that does not agree says nothing.
        """
        own = [confidence_features(view.query, view.result, PoseContext(
            covariance, novelty, distinct, self.model.images, self._threshold_px))
            for view, novelty, distinct in zip(weighed.views, weighed.novelties,
                                               weighed.distinct)]
        features = {name: value if name in _OF_ALL else weighed.mean([part[name] for part in own])
                    for name, value in own[0].items()}
        acceptance, odds = self.model.acceptance, log_odds_right(features, self.model.acceptance)
        strongest = int(weighed.counts.argmax())
        for number, view in enumerate(weighed.views):
            if number != strongest:
                poor = image_rejection(view.query.quality, self.model.images) is not None
                said = log_odds_right(own[number], acceptance) + _AGREEMENT
                odds += float(weighed.new[number]) * float(
                    np.clip(said, 0.0 if poor else -_AGREEMENT, _AGREEMENT))
        return features, odds


def _new_shares(views: Sequence[JointView], counts: torch.Tensor) -> torch.Tensor:
    """Return the shares (V,) of inliers where no view that counts (V,) more has any.

    A view without inliers shows nothing that another has shown: it is new.
    """
    shares, seen = torch.ones(len(views), dtype=torch.float64), torch.zeros(0, dtype=torch.int64)
    for number in counts.argsort(descending=True, stable=True).tolist():
        problem, inliers = views[number].query.problem, views[number].result.inliers
        points = problem.points.cpu()[inliers.cpu()]
        if len(points):
            shares[number] = 1.0 - float(in_voxels(points, seen).double().mean())
            seen = torch.cat((seen, voxels_of(points))).unique()
    return shares
