# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Summaries of images: words of clusters, and images that share them."""

import torch
from torch.nn.functional import normalize

from scene_reloc_ros.features.vlad import fit_words, vlad


def clusters(seed, count=40):
    """Return unit descriptors (4 * count, 8) around four axes."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.eye(8)[:4].repeat_interleave(count, 0)
    return normalize(centres + 0.1 * torch.randn(len(centres), 8, generator=generator), dim=1)


def test_words_are_where_the_descriptors_are():
    words = fit_words(clusters(0), 12, torch.Generator().manual_seed(1))
    assert torch.allclose(words.norm(dim=1), torch.ones(12), atol=1e-5)
    assert float((words @ torch.eye(8)[:4].T).max(0).values.min()) > 0.9


def test_an_image_is_most_like_itself_seen_again():
    words = fit_words(clusters(0), 4, torch.Generator().manual_seed(1))
    images = [clusters(seed, 10) for seed in range(5)]
    summaries = torch.stack([vlad(image, words) for image in images])
    again = [normalize(image + 0.01 * torch.randn(image.shape), dim=1) for image in images]
    similarity = torch.stack([vlad(image, words) for image in again]) @ summaries.T
    assert similarity.argmax(1).tolist() == [0, 1, 2, 3, 4]
    assert torch.allclose(summaries.norm(dim=1), torch.ones(5), atol=1e-5)
