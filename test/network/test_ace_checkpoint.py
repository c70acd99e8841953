# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A user's checkpoint in the layout of ACE: shapes, grid, and what is refused."""

import pickle

import pytest
import torch

from scene_reloc_ros.network.ace_checkpoint import AceLayoutEncoder, load_ace_layout
from scene_reloc_ros.network.weights import load_encoder


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, 'w')


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp('ace') / 'encoder.pt'
    torch.manual_seed(0)
    torch.save(AceLayoutEncoder().state_dict(), path)
    return path


def test_it_has_the_published_size(checkpoint):
    encoder = load_encoder(str(checkpoint))
    assert 5.5e6 < sum(p.numel() for p in encoder.parameters()) < 5.6e6
    with torch.inference_mode():
        described = encoder(torch.rand(1, 1, 96, 132))
    assert described.shape == (1, 512, 12, 16) and described.dtype == torch.float32


def test_a_shift_of_one_cell_moves_the_descriptors_by_one_cell(checkpoint):
    """The grid is that of the other encoders: 8 pixels are one cell, away from the border."""
    encoder = load_encoder(str(checkpoint))
    image = torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole, moved = encoder(image), encoder(image[..., 8:, 8:])
    assert torch.allclose(whole[..., 9:-8, 9:-8], moved[..., 8:-8, 8:-8], atol=1e-4)


def test_a_cell_answers_to_the_pixels_around_its_centre(checkpoint):
    """The response to a dot is centred within half a pixel of 8 i + 3.5."""
    encoder = load_encoder(str(checkpoint))
    image = torch.full((1, 1, 200, 200), 0.4, requires_grad=True)
    encoder(image)[0, :, 12, 12].sum().backward()
    touched = image.grad[0, 0].abs().sum(0).nonzero()[:, 0].double()
    assert abs(float(touched.min() + touched.max()) / 2 - (8 * 12 + 3.5)) <= 0.5
    assert int(touched.max() - touched.min()) + 1 == 81


def test_a_layer_of_another_shape_is_named(checkpoint, tmp_path):
    weights = torch.load(checkpoint, weights_only=True)
    weights['res2_skip.weight'] = torch.zeros(512, 128, 1, 1)
    torch.save(weights, tmp_path / 'other.pt')
    with pytest.raises(ValueError, match='res2_skip.weight is .512, 128, 1, 1.'):
        load_ace_layout(tmp_path / 'other.pt')
    del weights['res2_skip.weight']
    torch.save(weights, tmp_path / 'less.pt')
    with pytest.raises(ValueError, match='res2_skip.weight is nothing'):
        load_ace_layout(tmp_path / 'less.pt')


def test_pickled_code_is_not_run(tmp_path):
    trap = tmp_path / 'it_ran'
    (tmp_path / 'trap.pt').write_bytes(pickle.dumps({'conv1.weight': Malicious(str(trap))}))
    torch.save({'conv1.weight': Malicious(str(trap))}, tmp_path / 'trap2.pt')
    for name in ('trap.pt', 'trap2.pt'):
        with pytest.raises(ValueError, match='no plain checkpoint'):
            load_encoder(str(tmp_path / name))
    assert not trap.exists()


def test_something_else_than_a_state_dict_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / 'tensor.pt')
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(ValueError, match='does not have the ACE layout'):
        load_encoder(str(tmp_path / 'tensor.pt'))
    with pytest.raises(ValueError, match='no plain checkpoint'):
        load_encoder(str(tmp_path / 'text.pth'))
