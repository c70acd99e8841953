# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Random generators of a mapping run: repeatable, and none is another."""

import numpy as np
import torch

from scene_reloc_ros.mapping.generators import MappingGenerators


def draws(seed):
    """Return the first numbers of every stage."""
    made = MappingGenerators.from_seed(seed)
    numpy_draws = [tuple(rng.integers(0, 2 ** 31, 4))
                   for rng in (made.augmentation, made.pairs, made.validation)]
    return [*numpy_draws, tuple(torch.randint(2 ** 31, (4,), generator=made.head).tolist())]


def test_the_same_seed_gives_the_same_numbers_and_another_others():
    assert draws(7) == draws(7)
    assert not set(draws(7)) & set(draws(8))


def test_no_stage_draws_the_numbers_of_another():
    assert len(set(draws(0))) == 4


def test_a_stage_that_draws_more_leaves_the_others_as_they_were():
    first, second = (MappingGenerators.from_seed(1) for _ in range(2))
    first.augmentation.random(1000)
    assert np.array_equal(first.pairs.random(5), second.pairs.random(5))
    assert torch.equal(torch.rand(5, generator=first.head), torch.rand(5, generator=second.head))
