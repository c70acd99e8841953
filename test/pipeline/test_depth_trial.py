# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How much depth may count: as much as makes the answers of held-out frames best."""

from dataclasses import replace

import pytest
from support.worlds.wall import wall_frames

from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.pipeline.depth_trial import Asked, depth_trial, DepthTrial, WEIGHTS
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper

FRAMES = wall_frames(44, blur=4.0)


@pytest.fixture(scope='module')
def localiser():
    """Return a localiser of a map that knows nothing of how its depths err."""
    scene_map = Mapper(method_class('cells').presets['standard'], 'cpu').build(FRAMES[::3])
    return Localiser(replace(scene_map, depth=DepthCorrection()), device='cpu')


def asked(localiser, sensor=lambda depth_m: depth_m):
    """Return held-out frames as queries, the depths as another sensor has them."""
    found = []
    for frame in FRAMES[1::6]:
        frame = replace(frame, depth_m=sensor(frame.depth_m))
        query = localiser.prepare(frame.image, frame.camera, frame.depth_m)
        found.append(Asked(localiser, frame, query))
    return found


def test_depth_that_is_exact_counts_and_one_that_errs_does_not(localiser):
    exact = depth_trial(asked(localiser))
    off = depth_trial(asked(localiser, lambda depth_m: 1.02 * depth_m))
    assert exact.agreement > 0.95 and exact.deviation_m < 0.02
    assert off.deviation_m == pytest.approx(0.06, abs=0.02)
    assert WEIGHTS[0] <= off.weight < exact.weight <= WEIGHTS[-1]


def test_depth_of_another_unit_agrees_nowhere(localiser):
    wrong = depth_trial(asked(localiser, lambda depth_m: 5 * depth_m))
    assert wrong.agreement < 0.05
    assert 'unit' in wrong.of(DepthCorrection()).unavailable()


def test_frames_without_depth_tell_nothing(localiser):
    assert depth_trial([]) is None
    assert depth_trial(asked(localiser, lambda depth_m: 0 * depth_m)) is None


def test_what_was_found_goes_into_the_correction_and_leaves_its_terms():
    trial = DepthTrial(0.9, 0.02, 0.3)
    assert trial.of(DepthCorrection(0.97, 0.01)) == DepthCorrection(
        0.97, 0.01, agreement=0.9, deviation_m=0.02, weight=0.3)
    assert trial.of(None) is None
