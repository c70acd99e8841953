# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""RANSAC in plain torch, batched over hypotheses: the reference, and the CPU's backend."""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.machine.threads import one_thread
from scene_reloc_ros.solver.information import expected_information
from scene_reloc_ros.solver.kabsch import solve_kabsch
from scene_reloc_ros.solver.normal_equations import View
from scene_reloc_ros.solver.p3p import solve_p3p
from scene_reloc_ros.solver.problem import (
    MINIMUM_CELLS,
    PoseProblem,
    RigProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.solver.ransac import Consensus, search
from scene_reloc_ros.solver.refinement import refine, Refinement
from scene_reloc_ros.solver.residuals import (
    agreeing_cells,
    in_camera,
    Observations,
    soft_inlier_score,
    squared_errors,
)
from scene_reloc_ros.solver.sampling import Sample, Sampler
from scene_reloc_ros.solver.validity import is_chance, is_undetermined

_SCORING_CHUNK = 64  # hypotheses scored at a time: keeps the errors of one chunk in the cache


class PoseEstimator:
    """Generate, compare, refine and score poses of one camera or rig (DSAC*, TPAMI 2021)."""

    def __init__(self, problems: Sequence[PoseProblem], mounts: torch.Tensor | None,
                 generator: torch.Generator, options: SolverOptions) -> None:
        """Lay the usable cells out in both precisions: scores need no more than float32.

        Hypotheses are compared and refined on a random part of the cells, only the winner on all.

        Args:
            problems: the PoseProblems of the cameras, of usable cells only.
            mounts: cam_from_rig (4, 4) of each, or None for a single camera.
            generator: CPU torch.Generator.
            options: SolverOptions.
        """
        self.problems, self.options = problems, options
        self.views = _views(problems, mounts, options, torch.float64)
        self.coarse = _views(problems, mounts, options, torch.float32)
        total = sum(len(problem.rays) for problem in problems)
        share = min(1.0, options.local_cells / total)
        parts = [torch.randperm(len(problem.rays), generator=generator)
                 [:max(1, round(share * len(problem.rays)))].to(problem.rays.device)
                 for problem in problems]
        self.part = [view.select(part) for view, part in zip(self.views, parts)]
        self.coarse_part = [view.select(part) for view, part in zip(self.coarse, parts)]

    def generate(self, samples: Sequence[Sample]) -> torch.Tensor:
        """Return the poses (H, 4, 4) of minimal samples, a Sample of cells for each camera.

        A pose has to agree with one of the sample's test cells; where that leaves more than
        can be scored, those that agree with most.
        """
        found = [self._generate(number, sample) for number, sample in enumerate(samples)
                 if len(sample.minimal)]
        poses = torch.cat([poses for poses, _ in found])
        agreeing = torch.cat([count for _, count in found])
        if len(poses) <= self.options.scored:
            return poses
        return poses[torch.topk(agreeing, self.options.scored).indices]

    def _generate(self, number: int, sample: Sample) -> tuple[torch.Tensor, torch.Tensor]:
        problem, view = self.problems[number], self.views[number]
        poses, which = _minimal_poses(problem, sample, self.options)
        agreeing = agreeing_cells(poses, view.cells.select(sample.test[which]), self.options)
        kept = (agreeing > 0).nonzero()[:, 0]
        poses = poses[kept]
        if view.mount is not None:
            poses = invert_pose(view.mount) @ poses
        return poses, agreeing[kept]

    def compare(self, poses: torch.Tensor) -> torch.Tensor:
        """Return the soft inlier counts (H,) on part of the cells."""
        return self._scores(poses, self.coarse_part)[0]

    def score(self, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return soft inlier counts (H,) and inlier ratios (H,) on all cells."""
        return self._scores(poses, self.coarse)

    def _scores(self, poses: torch.Tensor,
                views: Sequence[View]) -> tuple[torch.Tensor, torch.Tensor]:
        threshold = self.options.threshold_px
        cells = sum(len(view.cells) for view in views)
        scores, ratios = [], []
        for chunk in poses.float().split(_SCORING_CHUNK):
            score = chunk.new_zeros(len(chunk))
            inside = torch.zeros_like(score, dtype=torch.int64)
            for view in views:
                squared = self._squared(view, chunk)
                score = score + soft_inlier_score(squared, threshold, view.cells.weights_N)
                inside = inside + (squared < threshold ** 2).sum(-1)
            scores.append(score)
            ratios.append(inside / cells)
        return torch.cat(scores), torch.cat(ratios)

    def refine(self, poses: torch.Tensor) -> torch.Tensor:
        """Return poses (H, 4, 4) refined on the inliers among part of the cells."""
        return refine(poses, self.part, self.options.local_steps, self.options).poses

    def differ(self, poses: torch.Tensor, pose: torch.Tensor) -> torch.Tensor:
        """Return which poses (H, 4, 4) are another mode than a pose (4, 4): a mask (H,)."""
        relative = poses @ invert_pose(pose)
        cosine = (relative[:, 0, 0] + relative[:, 1, 1] + relative[:, 2, 2] - 1) / 2
        moved = (invert_pose(poses)[:, :3, 3] - invert_pose(pose)[:3, 3]).norm(dim=-1)
        return ((moved > self.options.mode_distance_m)
                | (cosine < math.cos(math.radians(self.options.mode_angle_deg))))

    def finish(self, pose: torch.Tensor) -> Refinement:
        """Return the converged Refinement of a pose (4, 4) on all its inliers.

        Only cells that are anywhere near their threshold take part: others never become inliers.
        """
        near = (2 * self.options.threshold_px) ** 2
        views = [view.select((self._squared(view, pose[None])[0] < near).nonzero()[:, 0])
                 for view in self.views]
        return refine(pose[None], views, self.options.final_steps, self.options)

    def inliers(self, pose: torch.Tensor) -> list[torch.Tensor]:
        """Return for each camera the inlier mask (N,) of a pose (4, 4)."""
        return [self._squared(view, pose[None])[0] < self.options.threshold_px ** 2
                for view in self.views]

    def _squared(self, view: View, poses: torch.Tensor) -> torch.Tensor:
        seen = in_camera(view.seen_from(poses), view.cells.points_3N)
        return squared_errors(*seen, view.cells, self.options)


def _views(problems: Sequence[PoseProblem], mounts: torch.Tensor | None, options: SolverOptions,
           dtype: torch.dtype) -> list[View]:
    cells = [Observations.of(problem, options, dtype) for problem in problems]
    if mounts is None:
        return [View(cells[0])]
    return [View.mounted(part, mount.to(dtype)) for part, mount in zip(cells, mounts)]


def _minimal_poses(problem: PoseProblem, sample: Sample,
                   options: SolverOptions) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the poses (K, 4, 4) of minimal samples and the sample (K,) of each."""
    rays, points = (values[sample.minimal].double() for values in (problem.rays, problem.points))
    if not sample.measured or problem.depths is None:
        return solve_p3p(rays, points)
    seen = rays * problem.depths[sample.minimal].double()[..., None]
    # a pose cannot bring both ends of a side within the threshold where its lengths differ more
    slack = sum((seen.roll(1, 1) - seen).norm(dim=-1).sub_(
        (points.roll(1, 1) - points).norm(dim=-1)).abs_().unbind(1)) / 6
    kept = (slack < options.distance_bound(seen[..., 2].amax(1))).nonzero()[:, 0]
    poses, which = solve_kabsch(seen[kept], points[kept])
    return poses, kept[which]


@torch.inference_mode()
@one_thread()  # threads would wait for each other more often than they work
def solve_pose(problem: PoseProblem | RigProblem, generator: torch.Generator,
               options: SolverOptions) -> SolverResult | SolverRejection:
    """Return the SolverResult of a PoseProblem or RigProblem, or the SolverRejection.

    Args:
        problem: rays and scene coordinates of N cells; cells with NaN or Inf are left out. Cells
            whose depth is known make and judge hypotheses by it, the others by their pixels.
        generator: a CPU torch.Generator; the same state gives the same samples on every device.
        options: SolverOptions.
    """
    cameras: Sequence[PoseProblem]
    mounts: torch.Tensor | None = None
    if isinstance(problem, RigProblem):
        cameras, mounts = problem.views, problem.cam_from_rig.double()
    else:
        cameras = [problem]
    kept = [camera.usable() for camera in cameras]
    if sum(len(cells) for cells in kept) < MINIMUM_CELLS:
        return SolverRejection.TOO_FEW_CELLS
    seeing = [number for number, cells in enumerate(kept) if len(cells)]
    usable = [cameras[number].of(kept[number]) for number in seeing]
    estimator = PoseEstimator(usable, None if mounts is None else mounts[seeing], generator,
                              options)
    sampler = Sampler(usable, generator, options)
    consensus = search(estimator, sampler.draw, options)
    if consensus is None:
        return SolverRejection.NO_CONSENSUS
    refinement = estimator.finish(consensus.hypothesis)
    score = float(estimator.score(refinement.poses)[0])
    second_best_score = _second_best_score(estimator, consensus, refinement.poses[0], options)
    masks = dict(zip(seeing, estimator.inliers(refinement.poses[0])))
    count = int(sum(mask.sum() for mask in masks.values()))
    if is_chance(usable, count, consensus.samples, options):
        return SolverRejection.NO_CONSENSUS
    if second_best_score > options.second_best_ratio * score:
        return SolverRejection.AMBIGUOUS
    if is_undetermined(refinement.equations.hessian[0], options):
        return SolverRejection.UNDETERMINED
    return _result(estimator, refinement, _spread(masks, kept, cameras),
                   (score, second_best_score), consensus.samples)


def _second_best_score(estimator: PoseEstimator, consensus: Consensus, pose: torch.Tensor,
                       options: SolverOptions) -> float:
    """Return the score of the best pose of another mode than a final pose (4, 4), 0 without one.

    A second best that is nearly as good is refined like the winner: most of them meet it then.
    """
    if consensus.second_best_score <= options.second_best_ratio * consensus.score:
        return consensus.second_best_score
    second_best = estimator.finish(consensus.second_best).poses
    return float(estimator.score(second_best)[0] * estimator.differ(second_best, pose))


def _spread(masks: dict[int, torch.Tensor], kept: Sequence[torch.Tensor],
            cameras: Sequence[PoseProblem]) -> torch.Tensor:
    """Return the inliers (N,) among all cells, of the masks of the usable ones by camera."""
    spread = []
    for number, camera in enumerate(cameras):
        inliers = torch.zeros(len(camera.rays), dtype=torch.bool, device=camera.rays.device)
        if number in masks:
            inliers[kept[number][masks[number]]] = True
        spread.append(inliers)
    return torch.cat(spread)


def _result(estimator: PoseEstimator, refinement: Refinement, inliers: torch.Tensor,
            scores: tuple[float, float], samples: int) -> SolverResult:
    pose, scales = refinement.poses[0], refinement.scales
    residual_m = None
    if any(view.cells.depths_N is not None for view in estimator.views):
        residual_m = estimator.options.residual_at_one_metre(float(scales.depth),
                                                             estimator.problems[0].focal_px)
    score, second_best_score = scores
    residual_px = float(scales.px)
    information = expected_information(refinement.equations.hessian[0], residual_px,
                                       estimator.options)
    return SolverResult(pose, inliers, score, residual_px, residual_m, information, samples,
                        second_best_score)
