# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Accepting and refusing: the model, its reasons, poor pictures and second bests."""

import numpy as np
import pytest
import torch

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import synthetic_problem
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, transform_points
from scene_reloc_ros.solver.problem import SolverOptions, SolverResult
from scene_reloc_ros.solver.reference import solve_pose
from scene_reloc_ros.solver.second_best import with_second_best
from scene_reloc_ros.uncertainty.acceptance import (
    AcceptanceOptions,
    explain,
    fit_acceptance,
    GENERAL_MODEL,
    probability_right,
)
from scene_reloc_ros.uncertainty.image_quality import image_quality, image_rejection, ImageQuality
from scene_reloc_ros.uncertainty.model import AcceptanceModel, ImageStatistics
from scene_reloc_ros.uncertainty.rejection import Rejection

IMAGES = ImageStatistics(0.3, 0.2)
CLEAR = ImageQuality(0.3, 0.2, 0.45, 0.0)
NAMES = tuple(GENERAL_MODEL.weights)


def features(rng, shift):
    telling = ('inliers', 'position_precision')
    return {name: shift * (name in telling) + rng.normal() for name in NAMES}


def test_more_of_a_feature_never_hurts():
    assert all(weight >= 0 for weight in GENERAL_MODEL.weights.values())
    rng = np.random.default_rng(0)
    model = fit_acceptance([features(rng, 2.0) for _ in range(60)],
                           [features(rng, -2.0) for _ in range(60)], GENERAL_MODEL)
    assert all(weight >= 0 for weight in model.weights.values())
    for name in NAMES:
        values = features(rng, 0.0)
        more = {**values, name: values[name] + 1.0}
        assert probability_right(more, model) >= probability_right(values, model)


def test_a_fit_states_probabilities_that_come_true():
    rng = np.random.default_rng(1)
    true = AcceptanceModel(0.3, {**dict.fromkeys(NAMES, 0.05), 'inliers': 1.5,
                                 'position_precision': 0.8})
    drawn = [features(rng, 0.0) for _ in range(6000)]
    right = rng.random(6000) < [probability_right(e, true) for e in drawn]
    fitted = fit_acceptance([e for e, r in zip(drawn, right) if r],
                            [e for e, r in zip(drawn, right) if not r],
                            AcceptanceModel(0.0, dict.fromkeys(NAMES, 0.5)), own=False)
    stated = np.array([probability_right(e, fitted) for e in drawn])
    for low in (0.1, 0.3, 0.5, 0.7):
        part = (stated > low) & (stated < low + 0.2)
        assert right[part].mean() == pytest.approx(low + 0.1, abs=0.08)


def test_a_map_without_wrong_answers_keeps_the_general_model():
    rng = np.random.default_rng(2)
    assert fit_acceptance([features(rng, 1.0)], [], GENERAL_MODEL) is GENERAL_MODEL


@pytest.mark.parametrize(('name', 'reason'), [
    ('inliers', Rejection.TOO_FEW_INLIERS), ('spread', Rejection.CONCENTRATED),
    ('second_best_margin', Rejection.AMBIGUOUS),
    ('depth_agreement', Rejection.DISAGREES_WITH_DEPTH),
    ('view_familiarity', Rejection.OUTSIDE_MAP), ('position_precision', Rejection.UNCERTAIN)])
def test_the_reason_is_the_feature_that_lacks_most(name, reason):
    model = AcceptanceModel(0.0, dict.fromkeys(NAMES, 1.0), dict.fromkeys(NAMES, 0.0))
    values = {**dict.fromkeys(NAMES, -0.1), name: -3.0}
    assert explain(values, model) is reason


@pytest.mark.parametrize(('quality', 'reason'), [
    (ImageQuality(0.3, 0.02, 0.05, 0.0), Rejection.TOO_DARK),
    (ImageQuality(0.3, 0.01, 0.5, 0.0), Rejection.TOO_DARK),
    (ImageQuality(0.3, 0.2, 0.9, 0.7), Rejection.TOO_BRIGHT),
    (ImageQuality(0.1, 0.2, 0.45, 0.0), Rejection.TOO_BLURRED), (CLEAR, None)])
def test_a_poor_picture_explains_a_refusal(quality, reason):
    assert image_rejection(quality, IMAGES) is reason


def test_blur_lowers_sharpness_and_light_does_not():
    rng = np.random.default_rng(0)
    image = (rng.random((120, 160)) * 200).astype(np.uint8)
    smooth = np.kron(image[::8, ::8], np.ones((8, 8))).astype(np.uint8)
    assert image_quality(smooth).sharpness < 0.6 * image_quality(image).sharpness
    darker = image_quality(image // 2)
    assert darker.sharpness == pytest.approx(image_quality(image).sharpness, rel=0.05)


@pytest.mark.parametrize('values', [{'within_m': 0.0}, {'within_deg': -1.0}, {'probability': 1.0}])
def test_bounds_that_mean_nothing_are_refused(values):
    with pytest.raises(ValueError, match='acceptance'):
        AcceptanceOptions(**values)


def two_places(share):
    """Return a problem whose cells say one place, and a share of them another one as well."""
    made = synthetic_problem(3, cells=1500, inlier_ratio=0.9)
    problem = made.posed()
    elsewhere = se3_exp(torch.tensor([3.0, -2.0, 0.5, 0.2, 1.5, 0.1]).double())
    moved = torch.rand(1500, generator=torch.Generator().manual_seed(0)) < share
    points = problem.points.clone()
    points[moved] = transform_points(elsewhere, points[moved].double()).float()
    return type(problem)(problem.rays, points, problem.focal_px), made.map_from_cam


@pytest.mark.parametrize('share', [0.2, 0.35])
def test_a_second_place_in_the_other_cells_is_the_second_best(share):
    problem, truth = two_places(share)
    result = solve_pose(problem, torch.Generator().manual_seed(0), SolverOptions())
    assert isinstance(result, SolverResult)
    assert torch.allclose(invert_pose(result.cam_from_map), truth, atol=0.01)
    found = with_second_best(solve_pose, problem, result, torch.Generator().manual_seed(0),
                             SolverOptions())
    assert found.second_best_ratio == pytest.approx(share / (1 - share), rel=0.15)


def test_noise_in_the_other_cells_is_no_second_best():
    made = synthetic_problem(4, cells=1500, inlier_ratio=0.5)
    problem = made.posed()
    result = solve_pose(problem, torch.Generator().manual_seed(0), SolverOptions())
    found = with_second_best(solve_pose, problem, result, torch.Generator().manual_seed(0),
                             SolverOptions())
    assert found.second_best_ratio < 0.1
