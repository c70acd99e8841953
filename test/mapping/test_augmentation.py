# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Augmented views: every cell keeps the ray of the pixels that it shows."""

import numpy as np
import pytest
from support.distorted_camera import CAMERA

from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.mapping.augmentation import augment
from scene_reloc_ros.mapping.presets import AugmentationOptions

STILL = AugmentationOptions(scale=1.0, rotation_deg=0.0, brightness=0.0, contrast=0.0)


@pytest.mark.parametrize('seed', range(6))
def test_augmented_cells_keep_the_exact_rays_of_the_pixels_they_show(seed):
    """An image whose value is its own u (then v) coordinate tells where every cell came from."""
    ramp_v, ramp_u = np.mgrid[:120, :160].astype(np.uint8)
    options = AugmentationOptions(brightness=0.0, contrast=0.0)
    shown = []
    for ramp in (ramp_u, ramp_v):
        view, _, rays, inside = augment(ramp, CAMERA, 8, np.random.default_rng(seed), options)
        centres = cell_centres(*rays.shape[:2], 8).numpy()
        low = np.floor(centres).astype(int)  # centres lie between pixels: the mean of four
        shown.append(sum(view[low[..., 1] + dv, low[..., 0] + du].astype(float)
                         for du in (0, 1) for dv in (0, 1)) / 4)
    pixels = CAMERA.project(rays)
    interior = inside & (np.abs(pixels - (80, 60)) < (76, 56)).all(-1)
    assert interior.sum() > 50
    assert np.abs(np.stack(shown, -1) - pixels)[interior].max() < 0.8  # rounding to 8 bits


def test_without_augmentation_nothing_changes():
    image = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    view, _, rays, inside = augment(image, CAMERA, 8, np.random.default_rng(0), STILL)
    assert np.array_equal(view, image) and inside.all()
    assert np.allclose(CAMERA.project(rays), cell_centres(15, 20, 8), atol=1e-4)
