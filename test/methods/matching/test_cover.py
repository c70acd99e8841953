# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Few points for all views: counts, evenness, one descriptor a point."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import torch
from torch.nn import functional

from scene_reloc_ros.features.projection import Projection, to_codes
from scene_reloc_ros.methods.matching.cover import covering, thinned
from scene_reloc_ros.methods.matching.key_frames import KeyFrame, KeyFrames, Vocabulary


def random_observations(seed, views=8, points=60):
    rng = np.random.default_rng(seed)
    seen = rng.random((views, points)) < 0.3
    seen[rng.integers(views, size=points), np.arange(points)] = True
    return seen.nonzero(), seen


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 80))
def test_as_many_points_as_wanted_are_kept_and_no_view_is_forgotten(seed, count):
    (view, point), seen = random_observations(seed)
    kept = covering(view, point, count)
    assert len(kept) == len(set(kept.tolist())) == min(count, 60)
    if count >= 8:  # one point a view is enough to see all of them
        assert (seen[:, kept].sum(1)[seen.any(1)] > 0).all()


def test_a_view_that_sees_little_is_not_outvoted():
    seen = np.zeros((3, 41), bool)
    seen[:2, :40] = True
    seen[2, 40] = True
    kept = covering(*seen.nonzero(), 5)
    assert 40 in kept and len(kept) == 5


def key_frame(points, descriptors):
    """Return a KeyFrame of points (P, 3) with descriptors (P, D)."""
    unit = functional.normalize(torch.tensor(descriptors), dim=1)
    return KeyFrame(torch.eye(4), torch.zeros(1).half(), to_codes(unit), points)


def test_a_point_is_kept_once_with_its_most_typical_descriptor():
    place = torch.tensor([[0.0, 0, 1], [0, 1, 1]])
    vocabulary = Vocabulary(Projection(torch.zeros(2), torch.eye(2)), torch.eye(2),
                            torch.zeros(3, 1).half())
    found = KeyFrames(vocabulary, [
        key_frame(place, [[1.0, 0.0], [0.0, 1.0]]), key_frame(place[:1], [[1.0, 0.1]]),
        key_frame(place, [[1.0, 0.3], [0.2, 1.0]])])
    kept = thinned(found, 2)
    assert kept.frames[1].points.tolist() == [place[0].tolist()]  # as the second view has it
    assert sorted(torch.cat([frame.points for frame in kept.frames]).tolist()) == sorted(
        place.tolist())
    assert all(len(frame.codes) == len(frame.points) for frame in kept.frames)
    assert thinned(found, 1).figures()['points'] == 1
    assert len(thinned(found, 1).frames) == 3
