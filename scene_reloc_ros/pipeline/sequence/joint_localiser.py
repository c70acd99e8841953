# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Joint localisation: several views of one map, whose places to one another are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import time

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import (
    checked_pose,
    invert_pose,
    moved_covariance,
    se3_exp,
)
from scene_reloc_ros.pipeline.localisation import (
    Joined,
    Localisation,
    localisation_of,
    LocalisationTrace,
)
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    RigProblem,
    SolverOptions,
    SolverResult,
)
from scene_reloc_ros.solver.rig import results_by_view
from scene_reloc_ros.uncertainty.assessment import AssessedPose, CameraSpread
from scene_reloc_ros.uncertainty.fusion import ViewEquations
from scene_reloc_ros.uncertainty.joint_assessment import JointView
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

MOST_VIEWS = 16  # of one problem, count: bounds its cost
_LEVER_M = 2.0  # distance of what is seen, at which an error of position meets one of rotation
_NOISE = 1 / 3  # standard deviation of a cell, of the solver's threshold
_STEPS = 3  # from the solver's pose to that which drift allows for
_LEAST_WORTH = 0.02  # of a view whose place has drifted; below it the view is left out


@dataclass(frozen=True)
class RigImage:
    """One image of a rig, and where its camera is mounted."""

    image: np.ndarray  # (H, W, 3) BGR or (H, W) grey, uint8
    camera: Camera
    rig_from_cam: np.ndarray  # (4, 4), metres
    depth_m: np.ndarray | None = None  # (H, W) metres, see ``Localiser.localise``


@dataclass(frozen=True)
class PlacedQuery:
    """One query and where its camera was, seen from the first view of the problem."""

    query: Query
    first_from_cam: np.ndarray = field(default_factory=lambda: np.eye(4))  # (4, 4), metres
    drift: np.ndarray = field(default_factory=lambda: np.zeros(6))  # deviations: metres, rad
    age_s: float = 0.0  # for how long before the first view it was seen, seconds

    def worth(self, threshold_px: float) -> float:
        """Return how much a cell counts whose view has drifted, 1 where it has not.

        Drift moves what a view sees like noise that all its cells share: the variance of one cell
        without it, of that with it.
        """
        moved_px = self.query.problem.focal_px * (
            float(self.drift[:3].max()) / _LEVER_M + float(self.drift[3:].max()))
        noise_px = _NOISE * threshold_px
        return noise_px ** 2 / (noise_px ** 2 + moved_px ** 2)


class JointLocaliser:
    """Answers where a rig of cameras is, or one camera whose last views are known."""

    def __init__(self, localiser: Localiser):
        """Take the localiser of a map: networks, solver and tables are shared with it."""
        self.localiser = localiser

    def localise(self, images: Sequence[RigImage]) -> Localisation:
        """Return the Localisation of a rig; its ``map_from_cam`` is map_from_rig.

        Args:
            images: of one moment, 1 to MOST_VIEWS; ValueError where there are more or none, where
                a mount is no pose, or an image does not fit its camera. One alone is localised as
                ``Localiser.localise`` does it. Pixels and points of the answer are of the first.
        """
        started = time.perf_counter()
        views = self.views(images)
        return _at_rig(self.trace(views, started).localisation,
                       invert_pose(images[0].rig_from_cam))

    def views(self, images: Sequence[RigImage]) -> list[PlacedQuery]:
        """Return the views of a rig as its first camera sees them, see ``localise``."""
        if not 1 <= len(images) <= MOST_VIEWS:
            raise ValueError(f'a rig of {len(images)} images; expected 1 to {MOST_VIEWS}')
        mounts = [checked_pose(each.rig_from_cam, f'camera {number} of the rig')
                  for number, each in enumerate(images)]
        first_from_rig = invert_pose(mounts[0])
        return [PlacedQuery(self.localiser.prepare(each.image, each.camera, each.depth_m),
                            first_from_rig @ mount) for each, mount in zip(images, mounts)]

    def trace(self, views: Sequence[PlacedQuery],
              started: float | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of the first of some views, at least one.

        Those that no solver would be asked about, or whose place has drifted too far, are left
        out. Where one is left, and it is the first, it is answered as it would be alone.

        Args:
            views: the first one's ``first_from_cam`` is the identity.
            started: when the query began, of ``time.perf_counter``; None: now.
        """
        started = time.perf_counter() if started is None else started
        threshold_px = self.localiser.options_of(views[0].query.problem).threshold_px
        used = [view for view in views[:MOST_VIEWS] if view.query.regressed is None
                and self.localiser.unsuited(view.query) is None
                and view.worth(threshold_px) >= _LEAST_WORTH]
        if not used or len(used) == 1 and used[0] is views[0]:
            query = views[0].query
            solved = self.localiser.solve(query)
            return self.localiser.assess(query, solved, started,
                                         self.localiser.examine(query, solved))
        return self._joined(views[0].query, used, started)

    def _joined(self, first: Query, views: Sequence[PlacedQuery],
                started: float) -> LocalisationTrace:
        """Return the answer for the camera of a query, of views that are solved together."""
        measured = [view.query for view in views if view.query.problem.depths is not None]
        solving = self.localiser.options_of((measured or [first])[0].problem)
        problem = RigProblem(
            torch.from_numpy(np.stack([invert_pose(view.first_from_cam) for view in views])),
            tuple(_as_exact_as_it_is(view, solving) for view in views))
        solved = self.localiser.solve_problem(problem, solving)
        placement = self.localiser.scene_map.placement
        pose, rejection = None, solved if isinstance(solved, Rejection) else None
        result = None if isinstance(solved, Rejection) else solved
        if result is not None:
            pose, rejection = self._assess(views, problem, result, solving)
            pose = pose.placed(placement)
        latency_ms = (time.perf_counter() - started) * 1e3
        seen = _of_first(first, views, problem, result)
        answer = localisation_of(first, placement, (seen, pose, rejection), (
            self.localiser.solver, str(self.localiser.device)), latency_ms)
        cells = sum(len(view.query.pixels) for view in views)
        return LocalisationTrace(replace(
            answer, cells=cells, inliers=0 if result is None else int(result.inliers.sum()),
            joined=_joined_of(views), detail=_detail(len(views), cells, result, pose)),
            pose, result)

    def _assess(self, views: Sequence[PlacedQuery], problem: RigProblem, result: SolverResult,
                solving: SolverOptions) -> tuple[AssessedPose, Rejection | None]:
        """Return the pose of the first view; one that is believed is held against its cameras."""
        assessor = self.localiser.assessor
        joint = _beside(views, problem, result, solving)
        for _ in range(_STEPS):
            moved = se3_exp(assessor.step(joint)) @ result.cam_from_map.double().cpu()
            result = replace(result, cam_from_map=moved)
            joint = _beside(views, problem, result, solving)
        pose, rejection = assessor.assess_views(joint, result)
        if rejection is not None:
            return pose, rejection
        return assessor.assess_views([replace(view, camera=self._camera(view)) for view in joint],
                                     result)

    def _camera(self, view: JointView) -> CameraSpread | None:
        finding = self.localiser.examine(view.query, view.result)
        return None if finding is None else CameraSpread(finding.covariance,
                                                         finding.doubt.probability)


def _beside(views: Sequence[PlacedQuery], problem: RigProblem, result: SolverResult,
            solving: SolverOptions) -> list[JointView]:
    """Return the views beside the pose that a result has."""
    joint = []
    for view, part, mount in zip(views, results_by_view(problem, result, solving),
                                 problem.cam_from_rig):
        worth = view.worth(solving.threshold_px)  # its pixels were widened by that
        own = replace(part.result, residual_px=part.result.residual_px / worth ** 0.5)
        joint.append(JointView(view.query, own, mount, ViewEquations(
            part.information, part.gradient, torch.from_numpy(view.drift)), worth))
    return joint


def _as_exact_as_it_is(view: PlacedQuery, solving: SolverOptions) -> PoseProblem:
    """Return the problem of a view: drift widens its threshold and its residuals count less."""
    problem = view.query.problem
    return replace(problem,
                   focal_px=problem.focal_px * view.worth(solving.threshold_px) ** 0.5)


def _of_first(first: Query, views: Sequence[PlacedQuery], problem: RigProblem,
              result: SolverResult | None) -> SolverResult | None:
    """Return a result with the inliers of a query alone, none where it took no part."""
    if result is None:
        return None
    masks = problem.split(result.inliers.cpu())
    own = next((mask for view, mask in zip(views, masks) if view.query is first), None)
    return replace(result, inliers=torch.zeros(len(first.pixels), dtype=torch.bool)
                   if own is None else own)


def _joined_of(views: Sequence[PlacedQuery]) -> Joined:
    ages_s = {view.age_s for view in views}
    return Joined(len(ages_s), len(views), max(ages_s))


def _detail(views: int, cells: int, result: SolverResult | None,
            pose: AssessedPose | None) -> str:
    """Return one sentence with the figures of several views."""
    if result is None or pose is None:
        return f'No pose among {cells} cells of {views} views.'
    return (f'{views} views together: {int(result.inliers.sum())} of {cells} cells agree within '
            f'{result.residual_px:.1f} px (one standard deviation); right with probability '
            f'{pose.probability:.2f}.')


def _at_rig(found: Localisation, first_from_rig: np.ndarray) -> Localisation:
    """Return the Localisation of a rig, of that of its first camera."""
    if found.map_from_cam is None or found.covariance is None:
        return found
    map_from_rig = found.map_from_cam @ first_from_rig
    offset_m = map_from_rig[:3, 3] - found.map_from_cam[:3, 3]
    return replace(found, map_from_cam=map_from_rig,
                   covariance=moved_covariance(found.covariance, offset_m))
