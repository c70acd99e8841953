# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Local features: unit descriptors, strongest first; clear mutual matches."""

import cv2
import numpy as np
import pytest
import torch

from scene_reloc_ros.features.local_features import orb, ratio_matches, sift

NOISE = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (240, 320), np.uint8),
                         (0, 0), 2)
NOISE = cv2.normalize(NOISE, None, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize('make, dimensions', [(sift, 128), (orb, 256)])
def test_features_have_unit_descriptors(make, dimensions):
    found = make(200)(NOISE)
    assert 100 < len(found) <= 200 and found.descriptors.shape == (len(found), dimensions)
    assert torch.allclose(found.descriptors.norm(dim=1), torch.ones(len(found)), atol=1e-5)
    assert found.pixels.amin() >= 0 and (found.pixels.amax(0) < torch.tensor([320, 240])).all()


@pytest.mark.parametrize('make', [sift, orb])
def test_fewer_features_are_the_strongest(make):
    many, few = make(200)(NOISE), make(50)(NOISE)
    assert len(few) == 50
    shared = (few.pixels[:, None] == many.pixels).all(2).any(1)
    assert float(shared.float().mean()) > 0.5


@pytest.mark.parametrize('make, dimensions', [(sift, 128), (orb, 256)])
def test_a_blank_image_has_none(make, dimensions):
    found = make(50)(np.full((240, 320), 90, np.uint8))
    assert len(found) == 0 and found.descriptors.shape == (0, dimensions)


@pytest.mark.parametrize('make', [sift, orb])
def test_a_shifted_image_matches_by_the_shift(make):
    first, second = make(300)(NOISE[:, :300]), make(300)(NOISE[:, 20:])
    rows, columns = ratio_matches(first.descriptors @ second.descriptors.T, 0.8)
    moved = first.pixels[rows] - second.pixels[columns]
    right = ((moved - torch.tensor([20.0, 0.0])).norm(dim=1) < 2).float().mean()
    assert len(rows) > 50 and float(right) > 0.95


def test_orb_cosine_tells_the_hamming_distance():
    _, bits = cv2.ORB_create(50, fastThreshold=8).detectAndCompute(NOISE, None)
    found = orb(50)(NOISE).descriptors
    hamming = np.unpackbits(bits[:, None] ^ bits[None], axis=2).sum(2)
    ours = (1 - found @ found.T) * 128
    assert sorted(hamming.sum(1)) == pytest.approx(sorted(ours.sum(1).tolist()), abs=1)


def test_matches_are_mutual_and_clear():
    similarity = torch.tensor([[0.9, 0.1, 0.0], [0.5, 0.45, 0.4], [0.8, 0.1, 0.2]])
    rows, columns = ratio_matches(similarity, 0.8)
    assert rows.tolist() == [0] and columns.tolist() == [0]
    assert ratio_matches(similarity[:1], 0.8)[0].numel() == 0
