# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Files of encoder weights."""

import pytest
from safetensors.torch import save_file
import torch

from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.network.weights import encoder_hash, load_encoder, save_encoder

SMALL = EncoderOptions(stem=(4, 8, 8), blocks=1, descriptor=8)


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
