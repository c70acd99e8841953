# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Covariances against finite differences, Monte Carlo and errors of a known law."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.stats import chi2
import torch

from scene_reloc_ros.geometry.chi_square import nees, NEES_95
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, so3_log
from scene_reloc_ros.uncertainty.calibration import fit_covariance, HeldOutErrors
from scene_reloc_ros.uncertainty.covariance import (
    camera_covariance,
    map_covariance,
    probability_within,
)
from scene_reloc_ros.uncertainty.model import CovarianceModel

EXACT = CovarianceModel(1.0, 1.0, 0.0, 0.0, 0.0)


def random_covariance(rng, size=0.01):
    root = rng.normal(size=(6, 6)) * size
    return torch.from_numpy(root @ root.T)


def moved_in_map(cam_from_map, twists):
    """Return errors (n, 6) of map_from_cam: position, and rotation about the map's axes."""
    moved = invert_pose(se3_exp(twists) @ cam_from_map)
    still = invert_pose(cam_from_map)
    turned = so3_log(moved[:, :3, :3] @ still[:3, :3].T)
    return torch.cat((moved[:, :3, 3] - still[:3, 3], turned), 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10 ** 6))
def test_the_covariance_is_carried_to_the_map_as_finite_differences_say(seed):
    rng = np.random.default_rng(seed)
    cam_from_map = se3_exp(torch.from_numpy(rng.normal(size=6)))
    step = 1e-6
    columns = [(moved_in_map(cam_from_map, step * torch.eye(6).double()[k:k + 1])
                - moved_in_map(cam_from_map, -step * torch.eye(6).double()[k:k + 1]))[0]
               / (2 * step) for k in range(6)]
    jacobian = torch.stack(columns, 1)
    covariance = random_covariance(rng)
    expected = jacobian @ covariance @ jacobian.T
    found = map_covariance(cam_from_map, covariance)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-10)


def test_the_covariance_in_the_map_is_the_spread_of_poses():
    rng = np.random.default_rng(1)
    cam_from_map = se3_exp(torch.from_numpy(rng.normal(size=6)))
    covariance = random_covariance(rng)
    twists = rng.multivariate_normal(np.zeros(6), covariance.numpy(), 100_000)
    spread = np.cov(moved_in_map(cam_from_map, torch.from_numpy(twists)).numpy().T)
    found = map_covariance(cam_from_map, covariance).numpy()
    assert np.abs(spread - found).max() < 0.03 * np.abs(found).max()


@pytest.mark.parametrize('seed', range(6))
def test_the_probability_of_bounds_is_that_of_monte_carlo(seed):
    rng = np.random.default_rng(seed)
    covariance = random_covariance(rng, 0.02)
    errors = rng.multivariate_normal(np.zeros(6), covariance.numpy(), 100_000)
    for metres, degrees in ((0.03, 1.0), (0.1, 5.0), (0.05, 10.0)):
        inside_m = np.linalg.norm(errors[:, :3], axis=1) <= metres
        inside_deg = np.linalg.norm(errors[:, 3:], axis=1) <= math.radians(degrees)
        found = probability_within(covariance, metres, degrees)
        assert found == pytest.approx(inside_m.mean() * inside_deg.mean(), abs=0.04)


def synthetic_errors(count, calibration, seed, blocks):
    """Return HeldOutErrors that obey a CovarianceModel."""
    rng = np.random.default_rng(seed)
    informations = torch.stack([torch.linalg.inv(random_covariance(rng, 5e-4)
                                                 + 1e-8 * torch.eye(6).double())
                                for _ in range(count)])
    distances = torch.from_numpy(rng.uniform(0, 1, count))
    twists = [torch.from_numpy(rng.multivariate_normal(
        np.zeros(6), camera_covariance(information, distance, calibration).numpy()))
        for information, distance in zip(informations, distances)]
    return HeldOutErrors(torch.stack(twists), informations, distances, blocks)


@pytest.mark.parametrize('true', [
    CovarianceModel(8.0, 8.0, 0.003, 0.002, 0.05),
    CovarianceModel(30.0, 25.0, 0.015, 0.006, 0.05)])
def test_a_fit_makes_errors_that_it_has_not_seen_as_large_as_stated(true):
    fitted = fit_covariance(synthetic_errors(200, true, 0, 50))
    fresh = synthetic_errors(400, true, 1, 50)
    surprises = [float(twist @ torch.linalg.solve(
        camera_covariance(information, distance, fitted), twist))
        for twist, information, distance in zip(fresh.twists, fresh.informations,
                                                fresh.distances)]
    assert np.mean(surprises) == pytest.approx(6, rel=0.12)
    assert np.mean(np.array(surprises) < NEES_95) == pytest.approx(0.95, abs=0.03)
    assert fitted.frames == 200


def test_a_gross_error_does_not_widen_the_covariance():
    errors = synthetic_errors(60, CovarianceModel(8.0, 8.0, 0.003, 0.002, 0.05), 0, 20)
    clean = fit_covariance(errors)
    errors.twists[7] += 0.2
    assert fit_covariance(errors).floor_m < 1.3 * clean.floor_m


def test_too_few_answers_fit_nothing():
    assert fit_covariance(synthetic_errors(3, EXACT, 0, 3)) is None


def test_farther_from_the_mapping_a_pose_is_less_certain():
    information = torch.linalg.inv(random_covariance(np.random.default_rng(0)))
    table = CovarianceModel(growth=0.3)
    near, far = (camera_covariance(information, distance, table) for distance in (0.0, 2.0))
    assert torch.allclose(far, near * 1.6 ** 2)


def test_nees_of_errors_of_the_stated_covariance_is_chi_square():
    rng = np.random.default_rng(5)
    covariance = random_covariance(rng).numpy()
    truth, values = np.eye(4), []
    for _ in range(2000):
        error = rng.multivariate_normal(np.zeros(6), covariance)
        found = np.eye(4)
        found[:3, :3] = se3_exp(torch.from_numpy(np.r_[np.zeros(3), error[3:]])).numpy()[:3, :3]
        found[:3, 3] = error[:3]
        values.append(nees(found, covariance, truth))
    assert np.mean(values) == pytest.approx(6, rel=0.06)
    assert pytest.approx(chi2.ppf(0.95, 6), abs=0.01) == NEES_95
