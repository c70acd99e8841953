# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The judge of encoders: a perfect one gets everything right, a blind one next to nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.perturbed_sequence import PerturbedSequence
from scene_reloc_ros.datasets.procedural_images import procedural_image
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.pretraining.matching_benchmark import (
    encoding_cost,
    FarApart,
    image_pairs,
    matching_share,
    sequence_pairs,
)
from scene_reloc_ros.pretraining.pairs import Pair


class Positions(nn.Module):
    """Describes a cell by where it lies: right only where nothing moves."""

    stride = 8

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, image):
        rows, columns = (side // 8 for side in image.shape[-2:])
        v, u = torch.meshgrid(torch.arange(rows) / rows, torch.arange(columns) / columns,
                              indexing='ij')
        waves = [torch.ones_like(u)] + [f(3 * w) for w in (u, v) for f in (torch.sin, torch.cos)]
        return torch.stack(waves)[None]


class Blind(Positions):
    """Sees nothing."""

    def forward(self, image):
        return torch.ones_like(super().forward(image))


def pair_moved_by(pixels):
    points = np.random.default_rng(0).uniform(60, 130, (50, 2))
    crop = np.zeros((192, 192), np.float32)
    return [Pair(crop, crop, points, points + pixels)]


def test_the_share_counts_matches_within_a_cell():
    assert matching_share(Positions(), pair_moved_by(0)) == 1
    assert matching_share(Positions(), pair_moved_by(30)) == 0
    assert matching_share(Blind(), pair_moved_by(0)) < 0.1


def test_pairs_of_images_are_the_same_every_time_and_light_is_extra():
    images = [procedural_image(np.random.default_rng(i), 300, 400, 80) for i in range(3)]
    first, again = (list(image_pairs(images, light=True)) for _ in range(2))
    still = list(image_pairs(images, light=False))
    assert len(first) == len(still) == 3
    assert all(np.array_equal(a.crop_b, b.crop_b) for a, b in zip(first, again))
    assert not np.array_equal(first[0].crop_a, still[0].crop_a)


@pytest.fixture(scope='module')
def room():
    sequence = open_sequence('simulated:survey?frames=300')
    return sequence.select(sequence.names[:12:2])


@pytest.mark.slow
def test_pairs_of_a_sequence_show_the_same_spot(room):
    near = FarApart(0.02, 1.0, 30.0)
    pairs = list(sequence_pairs(room, 3, apart=near))
    assert pairs
    for pair in pairs:
        a, b = (crop[tuple(np.round(pixels[:, ::-1]).astype(int).T)]
                for crop, pixels in ((pair.crop_a, pair.pixels_a), (pair.crop_b, pair.pixels_b)))
        assert np.median(np.abs(a - b)) < 0.05
        assert np.corrcoef(a, b)[0, 1] > 0.7
    lit = list(sequence_pairs(room, 3, PerturbedSequence(room, 'light'), apart=near))
    assert np.array_equal(lit[0].pixels_b, pairs[0].pixels_b)
    assert np.array_equal(lit[0].crop_a, pairs[0].crop_a)
    assert not np.array_equal(lit[0].crop_b, pairs[0].crop_b)


def test_a_sequence_without_depth_is_refused(room):
    class Flat:
        def __len__(self):
            return len(room)

        def __getitem__(self, index):
            return replace(room[index], depth_m=None)

        def map_from_cam(self, index):
            return room.map_from_cam(index)

    with pytest.raises(ValueError, match='has no depth'):
        list(sequence_pairs(Flat(), 2, apart=FarApart(0.0, 1.0, 40.0)))


def test_the_cost_is_counted():
    cost = encoding_cost(Encoder(EncoderOptions((8, 8, 16), 1, 0, 16)).fused(), repeats=3)
    stem = 16 * 8 * 240 * 320 + (16 * 64 + 9 * 64) * 120 * 160 + 16 * 128 * 60 * 80
    blocks = (2 * 9 * 256 + 16 * 16) * 60 * 80
    assert cost['gmac'] == pytest.approx((stem + blocks) / 1e9, rel=1e-6)
    assert 0 < cost['p10_ms'] <= cost['median_ms'] <= cost['p90_ms']
