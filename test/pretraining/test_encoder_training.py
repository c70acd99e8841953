# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pretraining: procedural images, exact correspondences, a loss that can be learnt."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_reloc_ros.datasets.procedural_images import procedural_image
from scene_reloc_ros.network.encoder import EncoderOptions
from scene_reloc_ros.pretraining.contrastive_loss import info_nce, sample_descriptors
from scene_reloc_ros.pretraining.encoder_training import (
    make_images,
    matching_accuracy,
    Pretraining,
    PretrainingOptions,
    read_photographs,
)
from scene_reloc_ros.pretraining.pairs import PairOptions

TINY = PretrainingOptions(images=4, batch=4, points=32, minutes=10, steps=40,
                          pairs=PairOptions(crop=96),
                          encoder=EncoderOptions((8, 16, 32), 1, 1, 32))


def test_an_image_depends_on_its_seed_only():
    first, again, other = (procedural_image(np.random.default_rng(s), 120, 160, 60)
                           for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (120, 160) and first.dtype == np.uint8
    assert np.array_equal(make_images(2, 5)[1], make_images(2, 5)[1])


def test_images_have_contrast_at_every_scale():
    image = procedural_image(np.random.default_rng(0)).astype(np.float32)
    for step in (1, 4, 16, 64):
        assert np.abs(image[:, step:] - image[:, :-step]).mean() > 3


def test_descriptors_are_interpolated_on_the_grid_of_the_cells():
    """A field that is linear in the pixel is read back exactly between the cells' centres."""
    centres = (torch.arange(12.0) + 0.5) * 8 - 0.5
    field = centres[None, None, None, :].expand(1, 1, 12, 12)
    pixels = torch.tensor([[[20.0, 30.0], [47.25, 60.0]]])
    assert torch.allclose(sample_descriptors(field, pixels, 8)[0, :, 0],
                          torch.tensor((20.0, 47.25)), atol=1e-4)


def test_the_loss_is_small_where_rows_match_and_large_where_they_do_not():
    rows = torch.eye(16)
    loss, accuracy = info_nce(rows, rows, 0.05)
    assert float(loss) < 1e-6 and accuracy == 1
    loss, accuracy = info_nce(rows, rows.roll(1, 0), 0.05)
    assert float(loss) > 10 and accuracy == 0


@pytest.fixture(scope='module')
def images():
    return [procedural_image(np.random.default_rng(i), 240, 320, 120) for i in range(6)]


def test_a_short_training_improves_matching_on_images_never_seen(images):
    training = Pretraining(replace(TINY, steps=100), images[:4], images[4:])
    before = matching_accuracy(training.encoder, training.judge)
    encoder = training.run()
    assert training.step == 100
    assert matching_accuracy(encoder, training.judge) > 2 * before


def test_a_resumed_training_goes_on_where_it_stood(images, tmp_path):
    path = tmp_path / 'run.checkpoint'
    first = Pretraining(replace(TINY, steps=3), images[:4], images[4:])
    first.run(path)
    second = Pretraining(replace(TINY, steps=5), images[:4], images[4:])
    second.resume(path)
    assert second.step == 3 and second.seconds == pytest.approx(first.seconds)
    assert all(torch.equal(a, b) for a, b in zip(first.encoder.state_dict().values(),
                                                 second.encoder.state_dict().values()))
    second.run()
    assert [step for step, _, _ in second.history] == [1, 2, 3, 4, 5]


def test_a_broken_checkpoint_is_named(images, tmp_path):
    path = tmp_path / 'run.checkpoint'
    path.write_bytes(b'')
    with pytest.raises(ValueError, match='run.checkpoint cannot be resumed'):
        Pretraining(TINY, images[:4], images[4:]).resume(path)


def test_a_folder_without_photographs_is_named(tmp_path):
    with pytest.raises(ValueError, match='no readable .jpg'):
        read_photographs(tmp_path)
