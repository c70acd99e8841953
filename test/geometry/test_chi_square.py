# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chi-square against scipy, tables and errors that are drawn from the stated covariance."""

import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.chi_square import (
    chi_square_quantile,
    mahalanobis,
    nees,
    NEES_95,
)
from scene_reloc_ros.geometry.poses import so3_exp


def drawn_errors(count):
    """Return (count, 6) errors and the covariance (6, 6) that they are drawn from."""
    rng = np.random.default_rng(3)
    root = 0.05 * rng.standard_normal((6, 6))
    return rng.standard_normal((count, 6)) @ root.T, root @ root.T


@pytest.mark.parametrize('probability, tabled', [(0.95, 12.5916), (0.999, 22.4577)])
def test_quantiles_are_those_of_the_table(probability, tabled):
    assert chi_square_quantile(probability) == pytest.approx(tabled, abs=1e-4)


@pytest.mark.parametrize('probability', [0.5, 0.9, 0.95, 0.999])
def test_quantiles_are_those_of_scipy(probability):
    stats = pytest.importorskip('scipy.stats', reason='scipy is not installed')
    assert chi_square_quantile(probability) == pytest.approx(
        stats.chi2.ppf(probability, 6), rel=1e-9)


def test_mahalanobis_distances_are_those_of_the_inverse_each_with_its_own_covariance():
    errors, covariance = drawn_errors(50)
    sizes = np.linspace(0.5, 2.0, 50)
    expected = [e @ np.linalg.inv(s * covariance) @ e for e, s in zip(errors, sizes)]
    found = mahalanobis(torch.from_numpy(errors),
                        torch.from_numpy(sizes[:, None, None] * covariance))
    assert found.shape == (50,)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_drawn_errors_lie_within_the_quantile_as_often_as_it_says():
    errors, covariance = drawn_errors(100_000)
    found = mahalanobis(torch.from_numpy(errors), torch.from_numpy(covariance).expand(
        len(errors), 6, 6))
    assert float(found.mean()) == pytest.approx(6, rel=0.01)
    assert float((found < NEES_95).double().mean()) == pytest.approx(0.95, abs=0.003)


def test_nees_is_that_of_position_and_fixed_axis_rotation():
    errors, covariance = drawn_errors(5)
    truth = np.eye(4)
    truth[:3, :3] = so3_exp(torch.tensor((0.4, -1.0, 0.3), dtype=torch.float64))
    truth[:3, 3] = 1.0, 2.0, -0.5
    for error in errors:
        found = truth.copy()
        found[:3, :3] = so3_exp(torch.from_numpy(error[3:])).numpy() @ truth[:3, :3]
        found[:3, 3] += error[:3]
        expected = error @ np.linalg.solve(covariance, error)
        assert nees(found, covariance, truth) == pytest.approx(expected, rel=1e-6)
