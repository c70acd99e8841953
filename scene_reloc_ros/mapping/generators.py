# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Random generators of a mapping run: each stage its own, spawned from one seed.

So a stage that draws more or fewer numbers than before leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class MappingGenerators:
    """The generators of all stages."""

    augmentation: np.random.Generator  # of views and cells in the feature buffer
    pairs: np.random.Generator  # of views that are matched
    head: torch.Generator  # of weights and order, on the CPU
    validation: np.random.Generator  # of pictures of other places

    @classmethod
    def from_seed(cls, seed: int) -> MappingGenerators:
        """Spawn them; the same seed gives the same generators."""
        augmentation, pairs, head, validation = np.random.SeedSequence(seed).spawn(4)
        of_head = torch.Generator().manual_seed(int(head.generate_state(1)[0]))
        return cls(np.random.default_rng(augmentation), np.random.default_rng(pairs), of_head,
                   np.random.default_rng(validation))
