# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parallax: what views tell of distances, by geometry that is known exactly."""

import pytest
import torch

from scene_reloc_ros.mapping.parallax import MOST_RAY_DEVIATION, ray_deviation

WALL = torch.cat((torch.rand(400, 2, generator=torch.Generator().manual_seed(0)) - 0.5,
                  torch.full((400, 1), 3.0)), 1)


def views_at(positions):
    """Return views (F, 4, 4) from positions (F, 3) that all look ahead."""
    views = torch.eye(4).repeat(len(positions), 1, 1)
    views[:, :3, 3] = torch.tensor(positions)
    return views


def test_two_views_tell_what_their_baseline_says():
    found = ray_deviation(views_at([[-0.3, 0.0, 0.0], [0.3, 0.0, 0.0]]), WALL, 500.0)
    assert found == pytest.approx(3.0 * 2.0 / (500 * 0.3), rel=0.1)  # z s / (f b)


def test_a_way_ahead_tells_less_than_one_across():
    steps = [0.1 * step - 0.5 for step in range(11)]
    across = ray_deviation(views_at([[step, 0.0, 0.0] for step in steps]), WALL, 500.0)
    ahead = ray_deviation(views_at([[0.0, 0.0, step] for step in steps]), WALL, 500.0)
    assert across < 0.05 and ahead > 3 * across


def test_a_camera_that_only_turns_tells_nothing():
    views = views_at([[0.0, 0.0, 0.0]] * 9)
    for number, angle in enumerate(torch.linspace(-0.4, 0.4, 9)):
        views[number, :3, :3] = torch.tensor([
            [angle.cos(), 0, angle.sin()], [0, 1, 0], [-angle.sin(), 0, angle.cos()]])
    assert ray_deviation(views, WALL, 500.0) == MOST_RAY_DEVIATION


def test_without_any_point_nothing_is_known():
    assert ray_deviation(views_at([[0.0, 0.0, 0.0]]), WALL[:0], 500.0) == MOST_RAY_DEVIATION
