# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Epipolar errors of exact points, and when an alternative is clearly better."""

import numpy as np
import pytest
from support.worlds.shared_points import poses_at, shared_points

from scene_reloc_ros.pipeline.conventions.epipolar import (
    chords_px,
    costs_of,
    gain_of,
    parallaxes_px,
    relative_poses,
    typical_px,
)


@pytest.fixture(scope='module')
def pairs():
    return shared_points(poses_at(), noise_px=0.0)


def test_exact_points_have_no_error_and_their_own_depth(pairs):
    inverse, chords = chords_px(relative_poses(poses_at(), pairs), pairs)
    assert np.linalg.norm(chords, axis=1).max() < 1e-6
    far = parallaxes_px(relative_poses(poses_at(), pairs), pairs, inverse) > 5
    assert far.mean() > 0.8
    np.testing.assert_allclose(1 / inverse[far], pairs.depths[far], rtol=1e-6)


def test_a_turn_of_a_degree_is_an_error_of_as_many_pixels_at_most(pairs):
    turned = poses_at()
    angle = np.radians(1.0)
    roll = np.eye(4)
    roll[:2, :2] = ((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle)))
    turned[1::2] = turned[1::2] @ roll
    costs = costs_of(turned, pairs)
    mixed, untouched = pairs.frames.sum(1) % 2 == 1, (pairs.frames % 2 == 0).all(1)
    assert typical_px(costs[untouched]) == pytest.approx(0, abs=1e-5)
    assert 0.3 < typical_px(costs[mixed]) < 525 * angle


def test_scale_of_poses_is_nothing_that_matches_could_tell(pairs):
    scaled = poses_at()
    scaled[:, :3, 3] *= 100
    assert typical_px(costs_of(scaled, pairs)) == pytest.approx(0, abs=1e-5)


def test_points_behind_a_camera_are_an_error():
    poses = np.tile(np.eye(4), (40, 1, 1))
    poses[:, 0, 3] = 0.05 * np.arange(40)  # moves aside without a turn
    pairs = shared_points(poses, noise_px=0.0)
    opposite = poses.copy()
    opposite[:, 0, 3] *= -1  # its epipolar lines are the same
    assert typical_px(costs_of(poses, pairs)) == pytest.approx(0, abs=1e-5)
    assert typical_px(costs_of(opposite, pairs)) > 20


def test_noise_alone_gains_nothing_clear():
    noisy = shared_points(poses_at(), noise_px=1.0)
    rng = np.random.default_rng(1)
    costs = costs_of(poses_at(), noisy)
    others = costs + rng.normal(0, 0.3, len(costs))
    assert not gain_of(costs, others, noisy).clear
    assert gain_of(costs, costs + 1.0, noisy).clear
    assert not gain_of(costs + 1.0, costs, noisy).clear


def test_what_is_better_in_one_stretch_only_is_not_clear(pairs):
    costs = np.zeros(len(pairs))
    others = np.where(pairs.frames[:, 0] < 10, 8.0, 0.0)
    assert not gain_of(costs, others, pairs).clear


def test_costs_that_are_nowhere_known_gain_nothing(pairs):
    unknown = np.full(len(pairs), np.nan)
    assert gain_of(unknown, np.ones(len(pairs)), pairs).mean == 0.0
