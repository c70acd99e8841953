# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Short descriptors: principal axes beside numpy, and codes that keep directions."""

import numpy as np
import torch

from scene_reloc_ros.features.projection import from_codes, Projection, to_codes


def test_axes_are_those_of_the_largest_variance():
    rng = np.random.default_rng(0)
    given = rng.normal(size=(500, 6)) * (5, 4, 3, 0.1, 0.1, 0.1) + 7
    found = Projection.fit(torch.from_numpy(given).float(), 3)
    _, _, axes = np.linalg.svd(given - given.mean(0), full_matrices=False)
    cosines = np.abs(found.axes.numpy().T @ axes[:3].T)
    assert np.allclose(cosines, np.eye(3), atol=1e-3)
    assert np.allclose(found.mean, given.mean(0), atol=1e-4)
    assert torch.allclose(found(torch.from_numpy(given).float()).norm(dim=1), torch.ones(500))


def test_codes_keep_the_direction_of_a_descriptor():
    given = torch.nn.functional.normalize(torch.randn(
        200, 64, generator=torch.Generator().manual_seed(0)), dim=1)
    codes = to_codes(given)
    assert codes.dtype == torch.int8 and codes.shape == given.shape
    assert float((from_codes(codes) * given).sum(1).min()) > 0.999


def test_a_projection_never_has_more_axes_than_there_are_channels():
    assert Projection.fit(torch.randn(20, 5), 64).axes.shape == (5, 5)
