# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""RANSAC-PnP in plain torch, batched over hypotheses: the reference, and the CPU's backend."""

import torch

from scene_reloc_ros.solver.p3p import solve_p3p
from scene_reloc_ros.solver.problem import MINIMUM_CELLS, PoseProblem, SolverResult
from scene_reloc_ros.solver.ransac import search
from scene_reloc_ros.solver.refinement import (
    levenberg_marquardt,
    normal_equations,
    robust_deviation,
)
from scene_reloc_ros.solver.reprojection import (
    reprojection_errors,
    reprojection_residuals,
    soft_inlier_score,
)

_SCORING_CHUNK = 64  # hypotheses scored at a time: keeps the errors of one chunk in the cache


def draw_samples(cells, count, generator):
    """Return minimal samples (count, 4) of cell indices, drawn from an explicit CPU generator.

    Cells are drawn independently; a sample that holds a cell twice is degenerate and gives no
    hypothesis, which costs less than drawing without replacement.
    """
    return torch.randint(cells, (count, MINIMUM_CELLS), generator=generator)


class PnpEstimator:
    """Generate, score and refine poses of one PoseProblem (DSAC*, TPAMI 2021, section 3.4)."""

    sample_size = MINIMUM_CELLS  # the fourth has to agree, so it has to be an inlier too

    def __init__(self, problem, generator, options):
        """Keep the problem in both precisions: scores need no more than float32.

        Hypotheses are refined on a random part of the cells, only the winner on all of them.
        """
        rays, points = problem.rays.double(), problem.points.double()
        self.problem = PoseProblem(rays, points, problem.focal_px)
        self.coarse = PoseProblem(rays.float(), points.float(), problem.focal_px)
        part = torch.randperm(len(rays), generator=generator)[:options.local_cells].to(rays.device)
        self.part = PoseProblem(rays[part], points[part], problem.focal_px)
        self.options = options

    def generate(self, samples_S4):
        """Return the poses (H, 4, 4) whose four reprojection errors are below the threshold."""
        samples = samples_S4.to(self.problem.rays.device)
        rays, points = self.problem.rays[samples], self.problem.points[samples]
        poses, valid = solve_p3p(rays[:, :3], points[:, :3])
        seen = torch.einsum('hsij,hj->hsi', poses[..., :3, :3], points[:, 3]) + poses[..., :3, 3]
        plane = seen[..., :2] / seen[..., 2:].clamp_min(1e-9)
        error = (plane - rays[:, None, 3, :2]).norm(dim=-1) * self.problem.focal_px
        usable = valid & (seen[..., 2] > self.options.minimum_depth_m)
        error = torch.where(usable, error, torch.full_like(error, torch.inf))
        lowest, which = error.min(1)
        kept = (lowest < self.options.threshold_px).nonzero()[:, 0]
        return poses[kept, which[kept]]

    def score(self, poses):
        """Return soft inlier counts (H,) and inlier ratios (H,)."""
        threshold, scores, ratios = self.options.threshold_px, [], []
        for chunk in poses.float().split(_SCORING_CHUNK):
            errors = reprojection_errors(chunk, self.coarse, self.options)
            scores.append(soft_inlier_score(errors, threshold))
            ratios.append((errors < threshold).float().mean(-1))
        return torch.cat(scores), torch.cat(ratios)

    def inliers(self, poses, problem):
        """Return the inlier masks (H, N) of the cells of a problem."""
        return reprojection_errors(poses, problem, self.options) < self.options.threshold_px

    def refine(self, poses):
        """Refine poses (H, 4, 4) on their inliers, selected anew a few times."""
        for _ in range(self.options.local_rounds):
            poses = levenberg_marquardt(poses, self.part, self.inliers(poses, self.part), 3,
                                        self.options.kernel)
        return poses

    def finish(self, pose):
        """Return the converged pose (4, 4) and its inlier mask (N,).

        Refined on all inliers until their number stops growing (DSAC*, section 3.4).
        """
        mask, count = self.inliers(pose[None], self.problem)[0], 0
        for _ in range(self.options.final_rounds):
            if int(mask.sum()) <= count:
                break
            count = int(mask.sum())
            chosen = PoseProblem(self.problem.rays[mask], self.problem.points[mask],
                                 self.problem.focal_px)
            pose = levenberg_marquardt(pose[None], chosen, torch.ones(1, count),
                                       self.options.iterations, self.options.kernel)[0]
            mask = self.inliers(pose[None], self.problem)[0]
        return pose, mask


def solve_pose(problem, generator, options):
    """Return the SolverResult of a PoseProblem, or None where no pose explains four cells.

    Args:
        problem: rays and scene coordinates of N cells; cells with NaN or Inf are left out.
        generator: a CPU torch.Generator; the same state gives the same samples on every device.
        options: SolverOptions.
    """
    usable, kept = problem.finite()
    if len(kept) < MINIMUM_CELLS:
        return None
    estimator = PnpEstimator(usable, generator, options)
    consensus = search(estimator,
                       lambda count: draw_samples(len(kept), count, generator), options)
    if consensus is None:
        return None
    pose, mask = estimator.finish(consensus.hypothesis)
    if int(mask.sum()) < MINIMUM_CELLS:
        return None
    return _result(estimator, pose, mask, kept, len(problem.rays), consensus.samples)


def _result(estimator, pose, mask, kept, cells, samples):
    options = estimator.options
    residuals, _ = reprojection_residuals(pose[None], estimator.problem)
    weights = mask[None].double()
    sigma = robust_deviation((residuals ** 2).sum(-1), weights)
    information, _, _ = normal_equations(pose[None], estimator.problem, weights,
                                         options.kernel * sigma)
    inliers = torch.zeros(cells, dtype=torch.bool, device=mask.device)
    inliers[kept[mask]] = True
    score = float(estimator.score(pose[None])[0][0])
    return SolverResult(pose, inliers, score, float(sigma), information[0] / float(sigma) ** 2,
                        samples)
