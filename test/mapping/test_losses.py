# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The loss of one predicted point, worked out by hand."""

import math

import numpy as np
import pytest
import torch

from scene_reloc_ros.mapping.feature_buffer import CellBatch
from scene_reloc_ros.mapping.losses import clamp_schedule, reprojection_loss
from scene_reloc_ros.mapping.presets import LossOptions


def loss_of(points, progress=0.5, depth=0.0):
    points = torch.tensor(points, dtype=torch.float32)
    count = len(points)
    cells = CellBatch(torch.zeros(count, 0), torch.zeros(count, 2),
                      torch.eye(4).expand(count, 4, 4), torch.full((count,), 100.0),
                      torch.full((count,), depth))
    return reprojection_loss(points, cells, progress, LossOptions())


def test_the_loss_of_a_valid_prediction_is_the_clamped_error():
    assert loss_of([(0, 0, 2)]) == (0, 1)
    loss, valid = loss_of([(0.2, 0, 2)])  # ten pixels off
    tau = clamp_schedule(0.5, LossOptions())
    assert float(loss) == pytest.approx(tau * math.tanh(10 / tau), rel=1e-4)
    assert valid == 1
    assert float(loss_of([(5.0, 0, 2)], progress=1.0)[0]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize('point', [(0, 0, -2), (0, 0, 0.05), (0, 0, 2000), (100, 0, 1)])
def test_an_invalid_prediction_is_drawn_to_a_point_on_its_ray(point):
    loss, valid = loss_of([point])
    assert valid == 0
    assert float(loss) == pytest.approx(np.abs(np.subtract(point, (0, 0, 10))).sum())


def test_a_measured_depth_draws_a_point_to_its_surface_and_no_further():
    options = LossOptions()
    pull = options.surface_px_per_m * (1 - 0.35 / options.surface_until)
    tolerance = options.surface_m + 2.5 * options.surface_share
    assert float(loss_of([(0, 0, 2)], 0.35, depth=2 + 0.9 * tolerance)[0]) == 0
    assert float(loss_of([(0, 0, 2)], 0.35, depth=2.5)[0]) == pytest.approx(
        pull * (0.5 - tolerance), rel=1e-4)
    behind, _ = loss_of([(0, 0, -2)], 0.35, depth=2.5)
    assert float(behind) == pytest.approx(4.5 + pull * (4.5 - tolerance), rel=1e-4)


def test_the_pixels_have_the_last_word():
    assert loss_of([(0, 0, 2)], 0.9, depth=2.5)[0] == 0


def test_the_clamp_narrows_along_an_arc():
    options = LossOptions()
    assert clamp_schedule(0, options) == 51
    assert clamp_schedule(0.6, options) == pytest.approx(41)
    assert clamp_schedule(1, options) == 1
