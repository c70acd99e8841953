# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The head: where it answers before training, and the bounds of its divisor."""

import math

import pytest
import torch

from scene_reloc_ros.network.head import Head, HeadOptions


def test_an_untrained_head_answers_near_the_centre():
    torch.manual_seed(0)
    head = Head(HeadOptions(descriptor=8, width=16), centre=(10.0, -4.0, 2.0))
    points = head(torch.randn(100, 8))
    assert points.shape == (100, 3) and points.dtype == torch.float32
    assert float((points - torch.tensor((10.0, -4.0, 2.0))).norm(dim=-1).max()) < 3


def test_the_homogeneous_divisor_is_bounded():
    """ACE: w = softplus(raw) + 1 / max_scale, clamped at 1 / min_scale; one where raw is zero."""
    head = Head(HeadOptions(descriptor=2, width=4, minimum_scale=0.01, maximum_scale=4.0))
    with torch.no_grad():
        head.output.weight.zero_()
        for raw, divisor in ((0.0, 1.0), (-1e4, 0.25), (1e6, 100.0)):
            head.output.bias.copy_(torch.tensor((1.0, 2.0, 3.0, raw)))
            point = head(torch.zeros(1, 2))[0]
            assert torch.allclose(point, torch.tensor((1.0, 2.0, 3.0)) / divisor, rtol=1e-4)
    assert head.slope == pytest.approx(math.log(2) / 0.75)
