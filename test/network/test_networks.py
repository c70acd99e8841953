# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The networks: their grid, their size, their bounds and their files."""

import math

import numpy as np
import pytest
from safetensors.torch import save_file
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.network.device import preferred_dtype, resolve_device
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.network.head import Head, HeadOptions
from scene_reloc_ros.network.preprocessing import grey_image, network_input, working_image
from scene_reloc_ros.network.weights import encoder_hash, load_encoder, save_encoder

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


def test_weights_survive_a_round_trip(tmp_path):
    encoder = Encoder(SMALL)
    path = tmp_path / 'mine.safetensors'
    save_encoder(path, encoder, 'a test')
    loaded = load_encoder(str(path))
    image = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        assert torch.allclose(loaded(image), encoder.eval()(image), atol=0.02)
    assert len(encoder_hash(str(path))) == 16


def test_weights_that_are_missing_or_foreign_are_named(tmp_path):
    with pytest.raises(ValueError, match='gigantic.*neither shipped'):
        load_encoder('gigantic')
    foreign = tmp_path / 'foreign.safetensors'
    save_file({'a': torch.zeros(1)}, foreign)
    with pytest.raises(ValueError, match='foreign.safetensors is no encoder'):
        load_encoder(str(foreign))
    foreign.write_bytes(b'nonsense')
    with pytest.raises(ValueError, match='foreign.safetensors is no encoder'):
        load_encoder(str(foreign))


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


def test_images_are_resized_with_their_camera():
    camera = Camera(540, 360, 400, 400, 269.5, 179.5)
    grey, working = working_image(np.zeros((360, 540, 3), np.uint8), camera)
    assert grey.shape == (480, 720)
    assert (working.width, working.height) == (720, 480)
    assert working.cx == pytest.approx(359.5) and working.fx == pytest.approx(400 * 4 / 3)


@pytest.mark.parametrize('image, sentence', [
    (np.zeros((480, 640), np.float32), 'float32'), (np.zeros((480, 640, 4), np.uint8), 'shape'),
    (np.zeros((240, 320), np.uint8), '320x240.*640x480')])
def test_an_image_that_does_not_fit_is_named(image, sentence):
    with pytest.raises(ValueError, match=sentence):
        working_image(image, Camera(640, 480, 525, 525, 320, 240))


def test_grey_images_pass_and_intensities_reach_one():
    image = np.full((16, 16), 255, np.uint8)
    assert grey_image(image) is image
    assert network_input(image, torch.device('cpu')).tolist()[0][0][0][0] == 1.0


def test_a_device_that_is_not_there_is_an_error():
    assert resolve_device('cpu').type == 'cpu'
    with pytest.raises(ValueError, match='tpu'):
        resolve_device('tpu')
    if not torch.cuda.is_available():
        assert resolve_device('auto').type == 'cpu'
        with pytest.raises(RuntimeError, match='no CUDA GPU'):
            resolve_device('cuda')
    assert preferred_dtype(torch.device('cpu')) in (torch.bfloat16, torch.float32)
