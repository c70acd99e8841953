# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The correction of a calibration: its derivatives are those of automatic differentiation."""

import pytest
import torch

from scene_reloc_ros.mapping.camera_refinement import corrected_rays, ray_derivatives


@pytest.mark.parametrize('values', [(0.0, 0.0, 0.0, 0.0, 0.0), (0.03, -0.02, 0.1, -0.2, 0.3)])
def test_derivatives_of_rays_are_exact(values):
    values = torch.tensor(values).double()
    rays = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double()
    expected = torch.autograd.functional.jacobian(lambda v: corrected_rays(v, rays), values)
    assert torch.allclose(ray_derivatives(values, rays), expected, rtol=0, atol=1e-12)
