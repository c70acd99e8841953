# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Localiser: one image in, one Localisation out."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
import time

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import registered_depth
from scene_reloc_ros.mapping.camera_refinement import off_by, same_camera
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.method import Correspondences, Observer, QueryImage, Regressed
from scene_reloc_ros.methods.registry import method_of_map
from scene_reloc_ros.network.device import on_device
from scene_reloc_ros.network.preprocessing import working_focal_px, working_height
from scene_reloc_ros.pipeline.camera_check import CameraCheck, CameraFinding, CameraMemory
from scene_reloc_ros.pipeline.depth_unit import (
    depths_at_pixels,
    is_other_unit,
    ratio_at_inliers,
    ratio_of_points,
)
from scene_reloc_ros.pipeline.localisation import (
    Localisation,
    localisation_of,
    LocalisationTrace,
)
from scene_reloc_ros.pipeline.observed_query import cell_depths, observed_query
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.free_camera import CameraEvidence, free_camera
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    RigProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.solver.second_best import with_second_best
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions, uncalibrated
from scene_reloc_ros.uncertainty.assessment import CameraSpread
from scene_reloc_ros.uncertainty.joint_assessment import JointAssessor
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

_LARGEST_SCALE = 1.65  # focal length of a query, of that of the map: mapping varies scale by 1.5


@dataclass(frozen=True)
class LocaliserOptions:
    """Settings of a query."""

    solver: str = 'auto'  # backend: auto, reference or cuda
    # a pose that a twelfth of the cells agrees with is found; with less none is believed
    solving: SolverOptions = SolverOptions(maximum_samples=8192)
    acceptance: AcceptanceOptions = AcceptanceOptions()


class Localiser:
    """Answers where the camera is in one scene map: prepare, solve, assess."""

    def __init__(self, scene_map: SceneMap, options: LocaliserOptions = LocaliserOptions(),
                 device: str = 'auto', seed: int = 0):
        """Load the networks; ValueError where the map was made with another encoder.

        Args:
            scene_map: the map.
            options: settings of its queries.
            device: auto, cpu or cuda; auto is the CPU where a GPU cannot be used.
            seed: of the solver's samples; the same image gives the same pose.
        """
        self.options, self.seed = options, seed
        method = method_of_map(scene_map)
        self.family: str = method.family
        self.device: torch.device
        self.observer: Observer
        self.device, self.observer = on_device(
            device, lambda chosen: (chosen, method.observer(scene_map, chosen)))
        self._solving = replace(options.solving, threshold_px=(
            self.observer.tolerance * options.solving.threshold_px))
        self._use(scene_map)
        self.solver, self._solve = select_solver(options.solver, self.device)

    def _use(self, scene_map: SceneMap) -> None:
        self.scene_map, self._placement = scene_map, scene_map.placement
        model = scene_map.uncertainty or uncalibrated(self.family)
        self.assessor = JointAssessor(model, scene_map.views, scene_map.ambiguous,
                                      self.options.acceptance, self._solving.threshold_px)
        self._camera_check = CameraCheck(self._solving, model.camera,
                                         scene_map.correction.values.tolist())

    def with_map(self, scene_map: SceneMap) -> Localiser:
        """Return this localiser with other tables of its map; the networks are shared."""
        other = copy(self)
        other._use(scene_map)
        return other

    def warm_up(self, camera: Camera) -> None:
        """Run one blank image through, so that the first real one is as fast as the rest."""
        self.localise(np.zeros((camera.height, camera.width), np.uint8), camera)

    def depth_unavailable(self) -> str | None:
        """Return why depth cannot be used with this map, or None where it can."""
        if self.scene_map.depth is None:
            return ('the map was made without depth, so that nothing is known of how the depth '
                    'camera agrees with it; map again with depth, or query without')
        return self.scene_map.depth.unavailable()

    def localise(self, image: np.ndarray, camera: Camera,
                 depth_m: np.ndarray | None = None) -> Localisation:
        """Return the Localisation of one image.

        Args:
            image: (H, W, 3) BGR or (H, W) grey, uint8.
            camera: that took it; ValueError where its size is another.
            depth_m: (H, W) metres along z of the same camera, 0 or NaN where unknown; ValueError
                where it does not fit the image or the map cannot use it (``depth_unavailable``).
        """
        return self.trace(image, camera, depth_m).localisation

    def trace(self, image: np.ndarray, camera: Camera, depth_m: np.ndarray | None = None,
              memory: CameraMemory | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of one image: ``localise`` and what is behind it.

        Args:
            image, camera, depth_m: see ``localise``.
            memory: what queries before have told of this camera, see ``CameraWatch``.
        """
        started = time.perf_counter()
        return self.trace_of(self.seen(image, camera, depth_m), memory, started)

    def seen(self, image: np.ndarray, camera: Camera,
             depth_m: np.ndarray | None = None) -> QueryImage:
        """Return an image as its map looks at it, see ``localise``."""
        return QueryImage.of(image, camera, depth_m, working_height(camera, self.scene_map.camera))

    def trace_of(self, seen: QueryImage, memory: CameraMemory | None = None,
                 started: float | None = None) -> LocalisationTrace:
        """Return what ``trace`` does of an image that was looked at already.

        Args:
            seen: several maps that look at it share what it shows (``QueryImage.described``).
            memory: see ``trace``.
            started: when the query began, of ``time.perf_counter``; None: now.
        """
        started = time.perf_counter() if started is None else started
        query = self.query_of(seen, self.observer.observe(seen))
        solved = self.solve(query)
        answer = self.assess(query, solved, started, self.examine(query, solved, memory))
        if seen.depth_m is None or answer.localisation.accepted:
            return answer
        refused = _unless_of_other_unit(self, answer, query, seen)
        return replace(refused, localisation=replace(
            refused.localisation, latency_ms=(time.perf_counter() - started) * 1e3))

    def examine(self, query: Query, solved: SolverResult | Rejection,
                memory: CameraMemory | None = None) -> CameraFinding | None:
        """Return what a solved query tells of its camera, None where it tells nothing."""
        if not isinstance(solved, SolverResult) or query.regressed is not None:
            return None
        def again(problem: PoseProblem) -> SolverResult | SolverRejection:
            return self._solve(problem, torch.Generator().manual_seed(self.seed),
                               self.options_of(problem))
        with torch.inference_mode():
            return self._camera_check.examine(query, solved, again, memory or CameraMemory())

    def prepare(self, image: np.ndarray, camera: Camera,
                depth_m: np.ndarray | None = None) -> Query:
        """Return the Query of one image, see ``localise``: all that comes before the solver."""
        seen = self.seen(image, camera, depth_m)
        return self.query_of(seen, self.observer.observe(seen))

    def query_of(self, seen: QueryImage, observed: Correspondences | Regressed) -> Query:
        """Return the Query of an image of which it is known what an observer says."""
        own = same_camera(seen.source, self.scene_map.camera)
        query = replace(
            observed_query(seen, observed), own_camera=own and not seen.source.turned,
            if_own=None if own else off_by(seen.source, self.scene_map.camera,
                                           self.scene_map.correction.values))
        return query if seen.depth_m is None else self.with_depth(query, seen.depth_m, seen.source)

    def with_depth(self, query: Query, depth_m: np.ndarray, camera: Camera) -> Query:
        """Return the Query with the depths of its cells, see ``localise``."""
        unavailable = self.depth_unavailable()
        if unavailable is not None:
            raise ValueError(unavailable)
        depths = cell_depths(self.scene_map, registered_depth(depth_m, camera), camera, query)
        return replace(query, problem=replace(query.problem, depths=depths))

    def solve(self, query: Query) -> SolverResult | Rejection:
        """Return the SolverResult of a Query, its second best included, or why there is none."""
        if query.regressed is not None:
            return query.regressed
        return self.unsuited(query) or self.solve_problem(
            query.problem, self.options_of(query.problem))

    def unsuited(self, query: Query) -> Rejection | None:
        """Return why the cells of a Query are not worth a solver's time, None where they are."""
        if len(query.problem.rays) < self.observer.least:
            return Rejection.NO_SIMILAR_VIEW if query.sparse else Rejection.TOO_FEW_CELLS
        return None if _scale_is_known(query.problem.focal_px,
                                        self.scene_map.camera) else Rejection.WRONG_CAMERA

    def solve_problem(self, problem: PoseProblem | RigProblem,
                      solving: SolverOptions) -> SolverResult | Rejection:
        """Return the SolverResult of a camera or rig, its second best included, see ``solve``."""
        generator = torch.Generator().manual_seed(self.seed)
        with torch.inference_mode():
            result = self._solve(problem, generator, solving)
            if isinstance(result, SolverRejection):
                return Rejection[result.name]
            return with_second_best(self._solve, problem, result, generator, solving)

    def camera_evidence(self, query: Query,
                        solved: SolverResult | Rejection) -> CameraEvidence | None:
        """Return what one solved query says of its intrinsics, None where it cannot."""
        if isinstance(solved, Rejection) or query.regressed is not None:
            return None
        return free_camera(query.problem, solved, self._solving)

    def options_of(self, problem: PoseProblem) -> SolverOptions:
        """Return the solver's options for a problem, with depth or without."""
        if problem.depths is None or self.scene_map.depth is None:
            return self._solving
        return replace(self._solving, depth_weight=self.scene_map.depth.weight)

    def assess(self, query: Query, solved: SolverResult | Rejection, started: float | None = None,
               finding: CameraFinding | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of what was solved: covariance, and whether it is believed.

        Args:
            query: of ``prepare``.
            solved: what ``solve`` says of it.
            started: when the query began, of ``time.perf_counter``; None: now.
            finding: what it tells of its camera; None: that is not asked.
        """
        started = time.perf_counter() if started is None else started
        pose, rejection = self.assessor.assess(
            query, solved, None if finding is None else
            CameraSpread(finding.covariance, finding.doubt.probability))
        if pose is not None:
            pose = pose.placed(self._placement)
        result = solved if isinstance(solved, SolverResult) else None
        latency_ms = (time.perf_counter() - started) * 1e3
        return LocalisationTrace(
            localisation_of(query, self._placement, (result, pose, rejection),
                            (self.solver, str(self.device)), latency_ms), pose, result, finding,
            query)


def _scale_is_known(focal_px: float, mapped_by: Camera) -> bool:
    """Return whether mapping has varied its images as far as to this focal length, pixels."""
    ratio = focal_px / working_focal_px(mapped_by)
    return 1 / _LARGEST_SCALE <= ratio <= _LARGEST_SCALE


def _unless_of_other_unit(localiser: Localiser, answer: LocalisationTrace, query: Query,
                          seen: QueryImage) -> LocalisationTrace:
    """Return a refusal, or one that names the unit of the depth where the image has a pose."""
    assert seen.depth_m is not None
    pixels = (query.pixels.numpy() + 0.5) * query.enlarged - 0.5
    ratio_seen = ratio_of_points(query, depths_at_pixels(seen.depth_m, seen.source, pixels))
    if not (is_other_unit(ratio_seen) or localiser.observer.observes_depth):
        return answer
    without = replace(seen, depth_m=None)
    plain = localiser.query_of(without, localiser.observer.observe(without))
    found = localiser.assess(plain, localiser.solve(plain)).localisation
    ratio = ratio_at_inliers(found, seen.source, seen.depth_m)
    if ratio is None or not is_other_unit(ratio):
        return answer
    detail = (f'It says {ratio:.3g} times the distance that the map does at {found.inliers} '
              'points, where the image alone has a pose.')
    return replace(answer, localisation=replace(
        answer.localisation, rejection=Rejection.DEPTH_UNIT, detail=detail))
