# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fusion of drifted views beside the full problem, whose unknowns include every drift."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

from scene_reloc_ros.uncertainty.fusion import fuse, ViewEquations

NONE = torch.zeros(6, dtype=torch.float64)


def equations(seed, drift=NONE, rank=6):
    """Return the ViewEquations of a view that fixes some directions of the pose."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(6, rank, generator=generator, dtype=torch.float64) * 100
    gradient = root @ torch.randn(rank, generator=generator, dtype=torch.float64)
    return ViewEquations(root @ root.T, gradient, drift)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_without_drift_views_add_up(seed, count):
    views = [equations(seed + number) for number in range(count)]
    fusion = fuse(views, 14.0)
    information = sum(view.information for view in views)
    gradient = sum(view.gradient for view in views)
    assert torch.allclose(fusion.information, information, rtol=1e-5)
    assert torch.allclose(fusion.twist, -torch.linalg.solve(information, gradient), rtol=1e-6)
    assert not fusion.drift.any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.001, 0.1))
def test_the_pose_is_that_of_the_problem_that_knows_every_drift(seed, drift):
    """Least squares in the pose and the drift of each view, as if drifts were independent."""
    scale = 3.0
    views = [equations(seed), equations(seed + 1, NONE + drift),
             equations(seed + 2, NONE + 2 * drift, rank=3)]
    count = len(views)
    hessian = torch.zeros(6 * (count + 1), 6 * (count + 1), dtype=torch.float64)
    gradient = torch.zeros(6 * (count + 1), dtype=torch.float64)
    for number, view in enumerate(views):
        own = slice(6 + 6 * number, 12 + 6 * number)
        information, wish = view.information / scale ** 2, view.gradient / scale ** 2
        for rows in (slice(0, 6), own):
            gradient[rows] += wish
            for columns in (slice(0, 6), own):
                hessian[rows, columns] += information
        hessian[own, own] += (view.drift.clamp_min(1e-7) ** -2).diag()
    expected = -torch.linalg.solve(hessian, gradient)[:6]
    assert torch.allclose(fuse(views, scale).twist, expected, rtol=1e-3, atol=1e-7)


def test_one_view_that_has_drifted_is_as_uncertain_as_its_way():
    drift = torch.tensor([0.02] * 3 + [0.01] * 3).double()
    fusion = fuse([equations(0, drift)], 1.0)
    assert torch.allclose(fusion.drift, (drift ** 2).diag(), rtol=1e-4, atol=1e-9)
    assert torch.allclose(fusion.information, equations(0).information, rtol=1e-3)


def test_the_farther_a_view_has_drifted_the_less_it_moves_the_pose():
    fixed = equations(0)
    fixed = ViewEquations(fixed.information, NONE, NONE)
    moved = [float(fuse([fixed, equations(1, NONE + drift)], 1.0).twist.norm())
             for drift in (0.0, 0.05, 0.5)]
    assert moved[0] > moved[1] > moved[2] and moved[2] < 0.01 * moved[0]


@pytest.mark.parametrize('rank', [0, 3])
def test_views_that_leave_the_pose_open_have_finite_answers(rank):
    fusion = fuse([equations(0, NONE + 0.1, rank)], 14.0)
    for part in (fusion.twist, fusion.information, fusion.drift):
        assert torch.isfinite(part).all()
    # what no view tells is not known, however far none of them has drifted
    assert float(torch.linalg.eigvalsh(fusion.information)[0]) < 1e-3
