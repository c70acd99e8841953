# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Two hypotheses on a calibration: errors of a known law, what nobody tells, what adds up."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.solver.free_camera import CameraEvidence, EXPECTED
from scene_reloc_ros.uncertainty.calibration import (
    CameraKnowledge,
    doubt_of,
    fit_camera_noise,
    RightCamera,
)
from scene_reloc_ros.uncertainty.model import CameraNoise

CORRECTION = (0.01, -0.005, 0.01, 0.012, 0.05)
OWN, OTHER = (RightCamera.of(CORRECTION, own) for own in (True, False))
PRECISE = np.diag((0.005, 0.003, 0.003, 0.006)) ** 2
NOISE = CameraNoise()


def evidence_of(values, covariance):
    """Return what a query says that has found values (4,) with a covariance (4, 4)."""
    information = np.linalg.inv(covariance)
    return CameraEvidence(information, information @ np.asarray(values, float), np.zeros((6, 4)))


def known_of(values, covariance=PRECISE, views=1):
    return CameraKnowledge.of(evidence_of(values, covariance), NOISE).times(views)


def test_without_a_picture_the_doubt_is_what_it_was_before():
    for right in (OWN, OTHER):
        assert doubt_of(CameraKnowledge.nothing(), right).probability == pytest.approx(
            right.prior, rel=0.02)


@pytest.mark.parametrize('values', [(0.094, 0, 0, 0), (0, -0.04, 0, 0), (0, 0, 0.05, 0),
                                    (0, 0, 0, 0.12), (-0.08, 0.02, 0, -0.05)])
def test_several_views_tell_a_wrong_camera_and_its_values(values):
    doubt = doubt_of(known_of(values, views=8), OWN)
    assert doubt.probability > 0.99
    assert (np.abs(doubt.values - values) < 3 * doubt.deviations).all()
    assert doubt.surprises.argmax() == np.abs(np.array(values) / EXPECTED).argmax()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10 ** 6), st.integers(1, 40))
def test_a_right_camera_is_hardly_doubted_however_many_views(seed, views):
    rng = np.random.default_rng(seed)
    spread = NOISE.scale ** 2 * PRECISE
    seen = rng.multivariate_normal(np.zeros(4), spread / views)
    assert doubt_of(known_of(seen, views=views), OWN).probability < 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10 ** 6))
def test_what_a_view_cannot_tell_is_no_alarm(seed):
    """A wall tells no focal length: whatever its noise says of it, the doubt stays."""
    rng = np.random.default_rng(seed)
    blind = np.diag((3.0, 0.003, 0.003, 0.006)) ** 2
    doubt = doubt_of(known_of((rng.normal(0, 3), 0, 0, 0), blind, views=5), OWN)
    assert doubt.probability < OWN.prior
    assert doubt.deviations[0] > 0.9 * EXPECTED[0]


def test_another_camera_may_lie_where_the_map_or_its_own_calibration_puts_it():
    bent = (-0.011, 0.01, -0.005, -0.05)  # what a right camera shows in a bent map
    for values in ((0, 0, 0, 0), bent):
        assert doubt_of(known_of(values, views=8), OTHER).probability < 0.5
    assert doubt_of(known_of(bent, views=25), OWN).probability > 0.9
    assert doubt_of(known_of((0.094, 0, 0, 0), views=8), OTHER).probability > 0.99


def test_views_add_up_and_what_they_share_does_not_vanish_in_cells():
    one = CameraKnowledge.of(evidence_of((0.01, 0, 0, 0), PRECISE), NOISE)
    many_cells = CameraKnowledge.of(evidence_of((0.01, 0, 0, 0), 1e-6 * PRECISE), NOISE)
    both = one + many_cells
    assert np.allclose(both.information, one.information + many_cells.information)
    assert np.sqrt(np.linalg.inv(many_cells.information)[0, 0]) > 0.005
    assert np.allclose(np.linalg.solve(one.information, one.vector), (0.01, 0, 0, 0), atol=1e-9)


@pytest.mark.parametrize('scale', [1.5, 3.0, 6.0])
def test_the_noise_of_a_map_is_found_in_its_held_out_frames(scale):
    rng = np.random.default_rng(3)
    found = [evidence_of(scale * rng.multivariate_normal(np.zeros(4), PRECISE), PRECISE)
             for _ in range(120)]
    noise = fit_camera_noise(found, 60)
    assert noise.frames == 120
    total = np.diag(noise.scale ** 2 * PRECISE) + (noise.shared * np.array(
        (0.008, 0.006, 0.008, 0.012))) ** 2
    assert np.allclose(np.sqrt(total / np.diag(PRECISE)), scale, rtol=0.35)


def test_too_few_frames_leave_the_noise_of_other_maps():
    assert fit_camera_noise([evidence_of((0, 0, 0, 0), PRECISE)] * 5, 5) == CameraNoise()
    outlier = [evidence_of((0.5, 0, 0, 0), PRECISE)]
    quiet = [evidence_of(x * np.array((5e-3, 3e-3, 3e-3, 6e-3)), PRECISE)
             for x in np.linspace(-2, 2, 40)]
    assert fit_camera_noise(quiet + outlier, 20).scale < 4


def test_the_spread_has_the_shift_and_what_is_not_known_of_it():
    slope = np.arange(24.0).reshape(6, 4) / 10
    evidence = CameraEvidence(np.eye(4), np.zeros(4), slope)
    doubt = doubt_of(known_of((0.094, 0, 0, 0), views=8), OWN)
    shift = np.array((0.2, 0, 0, 0, 0.01, 0))
    expected = doubt.probability * (np.outer(shift, shift) + slope @ doubt.covariance @ slope.T)
    assert np.allclose(doubt.spread(evidence, shift), expected)
    calm = doubt_of(known_of((0, 0, 0, 0), views=8), OWN)
    assert np.abs(calm.spread(evidence, 0 * shift)).max() < 1e-3 * np.abs(expected).max()


def test_a_doubt_turns_with_its_picture():
    doubt = doubt_of(known_of((0.0, -0.04, 0.01, 0), views=8), OWN)
    turned = doubt.turned(np.array(((0.0, -1), (1, 0))))
    assert np.allclose(turned.values[1:3], (-doubt.values[2], doubt.values[1]))
    assert np.allclose(turned.deviations[[1, 2]], doubt.deviations[[2, 1]])
    assert turned.values[0] == doubt.values[0] and turned.probability == doubt.probability
