# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How depth is fitted to a map, and when it is refused."""

import pytest
import torch

from scene_reloc_ros.mapping.depth_correction import DepthCorrection, fit_depth_correction

FRAMES = torch.arange(5000) % 50
TRUTH = DepthCorrection(0.95, 0.02, -0.01, 0.015)


def cells(count=5000, noise=0.01, seed=0):
    """Return depths of a sensor, those that the map has for them, and rays."""
    generator = torch.Generator().manual_seed(seed)
    rays = torch.rand(count, 2, generator=generator).double() - 0.5
    sensor = 0.6 + 3 * torch.rand(count, generator=generator).double()
    noisy = 1 + noise * torch.randn(count, generator=generator).double()
    return TRUTH(sensor, rays) * noisy, sensor, rays


def test_the_correction_of_an_exact_sensor_is_recovered():
    predicted, sensor, rays = cells(noise=0.0)
    found = fit_depth_correction(predicted, sensor, rays, FRAMES[:len(rays)])
    for name in ('scale', 'offset', 'tilt_x', 'tilt_y'):
        assert getattr(found, name) == pytest.approx(getattr(TRUTH, name), abs=1e-5)
    assert found.agreement == 1 and found.deviation_m < 1e-5 and found.unavailable() is None


def test_noise_holes_and_a_third_of_wrong_depths_hardly_matter():
    predicted, sensor, rays = cells()
    sensor[::3] *= 1.6
    sensor[1::3][:200] = 0
    found = fit_depth_correction(predicted, sensor, rays, FRAMES[:len(rays)])
    assert torch.allclose(found(sensor, rays)[2::3], predicted[2::3], atol=0.15)
    assert found.scale == pytest.approx(TRUTH.scale, abs=0.02)
    assert 0.5 < found.agreement < 0.75


def test_a_scale_alone_is_found_without_inventing_more():
    _, sensor, rays = cells()
    noise = 0.01 * torch.randn(len(sensor), generator=torch.Generator().manual_seed(5)).double()
    found = fit_depth_correction(sensor / 0.965 * (1 + noise), sensor, rays, FRAMES)
    assert found.scale == pytest.approx(0.965, abs=0.002)
    assert (found.offset, found.tilt_x, found.tilt_y) == pytest.approx((0, 0, 0), abs=0.001)


def test_a_sensor_is_believed_where_no_correction_proves_itself():
    # points of poor views: half of them are anywhere, the rest a per cent too far
    _, sensor, rays = cells()
    generator = torch.Generator().manual_seed(6)
    noise = 0.06 * torch.randn(len(sensor), generator=generator).double()
    predicted = 1.01 * sensor * (1 + noise)
    predicted[::2] *= 0.5 + torch.rand(len(sensor) // 2, generator=generator).double()
    found = fit_depth_correction(predicted, sensor, rays, FRAMES)
    assert (found.scale, found.offset, found.tilt_x, found.tilt_y) == (1, 0, 0, 0)


def test_what_one_frame_shows_is_no_proof():
    # a curious frame bends a correction, which the other frames do not confirm
    _, sensor, rays = cells()
    predicted = torch.where(FRAMES == 7, 1.2 * sensor, sensor)
    assert fit_depth_correction(predicted, sensor, rays, FRAMES).scale == 1


def test_unknown_depths_stay_unknown():
    rays = torch.zeros(3, 2)
    assert TRUTH(torch.zeros(3), rays).tolist() == [0, 0, 0]
    behind = DepthCorrection(1.0, -2.0)  # disparities below zero are nowhere
    assert behind(torch.ones(3), rays).tolist() == [0, 0, 0]


def test_depths_that_have_nothing_to_do_with_the_map_are_refused_with_the_reason():
    generator = torch.Generator().manual_seed(0)
    predicted, sensor = (0.5 + 4 * torch.rand(5000, generator=generator) for _ in range(2))
    found = fit_depth_correction(predicted, sensor, torch.zeros(5000, 2), FRAMES)
    assert 'disagrees' in found.unavailable() and f'{found.agreement:.0%}' in found.unavailable()


def test_few_depths_tell_nothing():
    predicted, sensor, rays = cells(count=600)
    sensor[100:] = 0
    assert fit_depth_correction(predicted, sensor, rays, FRAMES[:len(rays)]) is None


def test_depths_that_err_together_count_less():
    predicted, sensor, rays = cells(noise=0.02)
    alone = fit_depth_correction(predicted, sensor, rays, FRAMES)
    together = torch.randn(50, generator=torch.Generator().manual_seed(1)).double()
    shared = fit_depth_correction(predicted * (1 + 0.02 * together[FRAMES]), sensor, rays, FRAMES)
    assert alone.weight > 0.3 > 0.03 > shared.weight > 0
