# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The encoder: its grid, its size, its scale."""

import pytest
import torch

from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.network.weights import load_encoder

SMALL = EncoderOptions(stem=(4, 8, 8), blocks=1, descriptor=8)


def test_every_cell_looks_at_the_pixels_around_its_centre():
    """The input that can change a cell is symmetric about the centre that pixels.py states."""
    encoder = Encoder(SMALL).eval()
    image = torch.rand(1, 1, 128, 160, requires_grad=True)
    row, column = 8, 10
    encoder(image)[0, :, row, column].square().mul(torch.arange(1.0, 9)).sum().backward()
    touched = image.grad[0, 0].abs() > 0
    centre_u, centre_v = cell_centres(16, 20, 8)[row, column].tolist()
    rows, columns = touched.nonzero().T
    assert (float(rows.min()) + float(rows.max())) / 2 == centre_v
    assert (float(columns.min()) + float(columns.max())) / 2 == centre_u


def test_the_shipped_encoder_is_small_enough_for_a_cpu():
    encoder = load_encoder()
    operations = []
    for module in encoder.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda m, _, out: operations.append(
                out[0].numel() * m.weight[0].numel()))
    with torch.no_grad():
        features = encoder(torch.rand(1, 1, 480, 640))
    assert features.shape == (1, 256, 60, 80)
    assert sum(operations) <= 6e9
    assert sum(p.numel() for p in encoder.parameters()) <= 2e6


def test_descriptors_have_unit_mean_square():
    with torch.no_grad():
        features = Encoder(SMALL).eval()(torch.rand(2, 1, 64, 72))
    assert features.shape == (2, 8, 8, 9)
    assert torch.allclose(features.square().mean(1), torch.ones(2, 8, 9), atol=1e-5)


def test_folding_the_normalisation_changes_nothing():
    encoder = Encoder(SMALL)
    with torch.no_grad():
        for _ in range(3):
            encoder(torch.rand(4, 1, 64, 64))  # running statistics that are not trivial
        encoder.eval()
        image = torch.rand(1, 1, 64, 64)
        before = encoder(image)
        assert torch.allclose(encoder.fused()(image), before, atol=1e-4)


def test_input_of_another_shape_is_named():
    with pytest.raises(ValueError, match=r'\(1, 3, 16, 16\)'):
        Encoder(SMALL)(torch.zeros(1, 3, 16, 16))
