# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chi-square, NEES and Mahalanobis distances against scipy, chance and explicit inverses."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.transform import Rotation
import torch

from scene_reloc_ros.geometry.chi_square import (
    chi_square_quantile,
    mahalanobis,
    nees,
    NEES_95,
)


def random_covariances(rng, count, deviations):
    mixing = np.eye(6) + 0.4 * rng.standard_normal((count, 6, 6))
    mixing = np.asarray(deviations)[:, None] * mixing
    return mixing @ mixing.transpose(0, 2, 1)


@pytest.mark.parametrize('probability', [1e-6, 0.01, 0.3, 0.5, 0.95, 0.999, 1 - 1e-9])
def test_quantiles_are_those_of_scipy(probability):
    assert chi_square_quantile(probability) == pytest.approx(stats.chi2.ppf(probability, 6),
                                                             rel=1e-6)


def test_the_bound_of_an_honest_covariance_is_the_95_percent_quantile():
    assert NEES_95 == pytest.approx(stats.chi2.ppf(0.95, 6), rel=1e-9)


def test_errors_drawn_from_their_covariance_have_the_nees_of_chi_square():
    rng = np.random.default_rng(3)
    covariance = random_covariances(rng, 1, (0.02, 0.03, 0.01, 0.002, 0.004, 0.003))[0]
    truth = np.eye(4)
    truth[:3, :3], truth[:3, 3] = Rotation.from_rotvec((0.3, -1.2, 0.8)).as_matrix(), (2, -1, 0.5)
    values = []
    for error in rng.multivariate_normal(np.zeros(6), covariance, 4000):
        pose = truth.copy()
        pose[:3, :3] = Rotation.from_rotvec(error[3:]).as_matrix() @ truth[:3, :3]
        pose[:3, 3] += error[:3]
        values.append(nees(pose, covariance, truth))
    assert np.mean(values) == pytest.approx(6, abs=0.25)
    assert np.mean(np.array(values) < NEES_95) == pytest.approx(0.95, abs=0.012)
    assert stats.kstest(values, stats.chi2(6).cdf).pvalue > 0.01


def test_nees_of_one_error_is_that_of_an_explicit_inverse():
    rng = np.random.default_rng(4)
    covariance = random_covariances(rng, 1, (0.1,) * 6)[0]
    error = np.array((0.1, -0.2, 0.05, 0.02, -0.03, 0.01))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = Rotation.from_rotvec(error[3:]).as_matrix(), error[:3]
    expected = error @ np.linalg.inv(covariance) @ error
    assert nees(pose, covariance, np.eye(4)) == pytest.approx(expected, rel=1e-9)


def test_mahalanobis_is_that_of_explicit_inverses():
    rng = np.random.default_rng(5)
    covariances, errors = random_covariances(rng, 50, (0.1,) * 6), rng.standard_normal((50, 6))
    expected = np.einsum('ni,nij,nj->n', errors, np.linalg.inv(covariances), errors)
    found = mahalanobis(torch.from_numpy(errors), torch.from_numpy(covariances))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-8)


def test_mahalanobis_is_differentiable():
    rng = np.random.default_rng(6)
    covariances = torch.from_numpy(random_covariances(rng, 3, (1.0,) * 6)).requires_grad_()
    errors = torch.from_numpy(rng.standard_normal((3, 6))).requires_grad_()
    mahalanobis(errors, covariances).sum().backward()
    expected = 2 * torch.linalg.solve(covariances, errors[..., None])[..., 0]
    torch.testing.assert_close(errors.grad, expected.detach())
    assert torch.isfinite(covariances.grad).all()


def test_distances_of_errors_from_their_covariances_follow_chi_square():
    rng = np.random.default_rng(7)
    covariances = random_covariances(rng, 5000, (0.02, 0.03, 0.01, 0.002, 0.004, 0.003))
    errors = np.einsum('nij,nj->ni', np.linalg.cholesky(covariances),
                       rng.standard_normal((5000, 6)))
    found = mahalanobis(torch.from_numpy(errors), torch.from_numpy(covariances)).numpy()
    assert stats.kstest(found, stats.chi2(6).cdf).pvalue > 0.01
