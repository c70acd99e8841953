# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which views go where there is no room: those that others are near to."""

from hypothesis import given, strategies
import numpy as np
import pytest
import torch

from scene_reloc_ros.datasets.even_thinning import novelty_among, superfluous_views
from scene_reloc_ros.geometry.pose_error import view_novelty
from scene_reloc_ros.geometry.poses import pose_from_translation_quaternion


def views(positions, quaternions=None):
    """Return poses (F, 4, 4) at positions (F, 3), all turned alike where nothing is said."""
    quaternions = [(0, 0, 0, 1)] * len(positions) if quaternions is None else quaternions
    return np.stack([pose_from_translation_quaternion(place, turn)
                     for place, turn in zip(positions, quaternions)])


def along(places):
    """Return poses at places of the x axis."""
    return views([(x, 0.0, 0.0) for x in places])


@pytest.mark.parametrize('offset', [0.0, 4.5e6])
def test_where_the_camera_lingered_views_go_and_lone_ones_stay(offset):
    rng = np.random.default_rng(3)
    dense, lone = offset + rng.uniform(0, 1, 80), offset + 5.0 + 2.0 * np.arange(10)
    gone, spacing = superfluous_views(along([*dense, *lone]), 60)
    assert len(gone) == len(set(gone)) == 60 and max(gone) < 80
    left = np.sort(np.delete(dense, gone))
    assert 0 < spacing <= 2 * np.diff(left).min() + 1e-6  # half a metre is one
    assert np.diff(left).max() < 0.2


@pytest.mark.parametrize('count', [1, 25, 50, 75])
def test_an_even_line_stays_even(count):
    rng = np.random.default_rng(0)
    places = np.arange(100.0) + rng.normal(0, 0.01, 100)
    left = np.delete(places, superfluous_views(along(places), count)[0])
    assert np.diff(left).max() < 2.5 * 100 / (100 - count)


def test_views_of_one_place_are_told_apart_by_where_they_look():
    angles = np.r_[np.linspace(0, 0.1, 20), 1.0, 2.0, 3.0]
    turned = [(0, 0, np.sin(angle / 2), np.cos(angle / 2)) for angle in angles]
    gone, _ = superfluous_views(views(np.zeros((23, 3)), turned), 15)
    assert max(gone) < 20


@given(strategies.integers(2, 30), strategies.integers(0, 2**31), strategies.data())
def test_what_goes_is_as_many_as_were_asked_for_whatever_the_views(count, seed, data):
    rng = np.random.default_rng(seed)
    poses = views(rng.integers(-2, 3, (count, 3)).astype(float))  # many are the same
    asked = data.draw(strategies.integers(1, count - 1))
    gone, spacing = superfluous_views(poses, asked)
    assert len(gone) == asked and gone == sorted(set(gone)) and max(gone) < count
    left = np.delete(poses, gone, 0)
    apart = np.linalg.norm(left[:, None, :3, 3] - left[None, :, :3, 3], axis=-1) / 0.5
    if len(left) > 1:
        assert apart[~np.eye(len(left), dtype=bool)].min() >= spacing - 1e-9


def test_novelty_among_others_is_that_of_views():
    rng = np.random.default_rng(1)
    turns = [(*rng.normal(0, 0.1, 3), 1.0) for _ in range(40)]
    poses = views(rng.normal(0, 1, (40, 3)), turns)
    true = float(view_novelty(torch.from_numpy(poses[0]), torch.from_numpy(poses[1:])).min())
    assert novelty_among(poses[0], poses[1:]) == pytest.approx(true, rel=0.02)
    assert novelty_among(poses[0], poses[:0]) == np.inf
