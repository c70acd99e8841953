# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The information of a solved pose against the spread of many solutions (Monte Carlo)."""

import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.poses import se3_exp, se3_log, transform_points
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.reference import solve_pose

FOCAL_PX, CELLS = 525.0, 300
TRIALS = 600  # a variance of n trials has a deviation of sqrt(2 / n), 6 % here


def spread_and_claim(inlier_ratio, noise_px, with_depth):
    """Return the empirical covariance of the twists and the mean of the solver's, each (6, 6)."""
    rng, options = np.random.default_rng(0), SolverOptions()
    pixels = rng.uniform((-320, -240), (320, 240), (CELLS, 2))
    depths = rng.uniform(1, 5, CELLS)
    map_from_cam = se3_exp(torch.from_numpy(rng.normal(size=6)))
    rays = np.c_[pixels / FOCAL_PX, np.ones(CELLS)]
    points = transform_points(map_from_cam, torch.from_numpy(rays * depths[:, None])).numpy()
    twists, claims = [], []
    for trial in range(TRIALS):
        wrong = rng.random(CELLS) >= inlier_ratio
        given = points.copy()
        given[wrong] = rng.uniform(points.min(0), points.max(0), (wrong.sum(), 3))
        noisy = np.c_[(pixels + rng.normal(scale=noise_px, size=pixels.shape)) / FOCAL_PX,
                      np.ones(CELLS)]
        # as the options have it: the sensor errs with the square, coordinates with the depth
        sensed = depths + rng.normal(size=CELLS) * options.depth_spread(depths)
        result = solve_pose(
            PoseProblem(torch.from_numpy(noisy).float(), torch.from_numpy(given).float(), FOCAL_PX,
                        torch.from_numpy(sensed).float() if with_depth else None),
            torch.Generator().manual_seed(trial), options)
        twists.append(se3_log(result.cam_from_map @ map_from_cam).numpy())
        claims.append(torch.linalg.inv(result.information).numpy())
    twists = np.array(twists)
    return twists.T @ twists / TRIALS, np.mean(claims, 0)


@pytest.mark.slow
@pytest.mark.parametrize(('inlier_ratio', 'noise_px', 'with_depth'), [
    (0.6, 1.0, False), (0.3, 3.0, False), (0.6, 1.0, True)])
def test_the_covariance_of_the_solver_is_the_spread_of_its_solutions(
        inlier_ratio, noise_px, with_depth):
    spread, claim = spread_and_claim(inlier_ratio, noise_px, with_depth)
    ratio = np.diag(claim) / np.diag(spread)
    assert (np.abs(ratio - 1) < 0.15).all(), ratio
    nees = np.trace(np.linalg.solve(claim, spread))
    assert nees == pytest.approx(6, rel=0.1)
