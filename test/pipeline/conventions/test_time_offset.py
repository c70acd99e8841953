# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Time offsets: found to some milliseconds, and not in poses that only jitter."""

import numpy as np
import pytest
from support.worlds.shared_points import poses_at, shared_points, stamps_ns, track_of
import torch

from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.pipeline.conventions.time_offset import OffsetCosts, time_offset

SPAN_S = 1.3


def found_of(given, pairs):
    return time_offset(OffsetCosts(track_of(given), stamps_ns(len(given)), pairs), SPAN_S)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('offset_s', [0.08, -0.08, 0.045])
def test_an_offset_is_found_within_milliseconds(offset_s, seed):
    pairs = shared_points(poses_at(seed=seed), seed=seed)
    found = found_of(poses_at(offset_s, seed), pairs)  # the pose of a stamp is one of later
    assert found.clear
    assert found.seconds == pytest.approx(-offset_s, abs=0.004)
    assert f'the time offset of the poses to {1000 * found.seconds:.0f} ms' in found.sentence


@pytest.mark.parametrize('seed', range(5))
def test_clocks_that_agree_have_none(seed):
    found = found_of(poses_at(seed=seed), shared_points(poses_at(seed=seed), seed=seed))
    assert not found.clear and abs(found.seconds) < 0.005


@pytest.mark.parametrize('seed', range(5))
def test_poses_that_jitter_are_no_offset_though_smoothing_helps(seed):
    rng = np.random.default_rng(seed)
    jitter = se3_exp(torch.from_numpy(rng.normal(0, (0.02,) * 3 + (0.02,) * 3, (40, 6)))).numpy()
    found = found_of(poses_at(seed=seed) @ jitter, shared_points(poses_at(seed=seed), seed=seed))
    assert not found.clear


def test_a_short_stretch_tells_none():
    pairs = shared_points(poses_at(frames=12))
    costs = OffsetCosts(track_of(poses_at(frames=12)), stamps_ns(12), pairs)
    assert time_offset(costs, 0.05) is None
