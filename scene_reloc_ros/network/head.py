# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The head: an MLP for every cell that is the map; from descriptors to scene coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class HeadOptions:
    """Size of the head and the bounds of its homogeneous output."""

    descriptor: int = 256  # channels that come in
    width: int = 512  # channels of the hidden layers
    blocks: int = 1  # residual blocks of three layers after the first
    minimum_scale: float = 0.01  # bounds of the homogeneous divisor, unitless:
    maximum_scale: float = 4.0  # points lie up to 1/minimum_scale times the raw output away


class ResidualLayers(nn.Module):
    """Three layers beside a skip connection."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        """Make the layers; the skip is linear where the widths differ."""
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(channels_in if i == 0 else channels_out, channels_out) for i in range(3))
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Linear(channels_in, channels_out)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return features (N, channels_out)."""
        hidden = features
        for layer in self.layers:
            hidden = functional.relu(layer(hidden))
        return self.skip(features) + hidden


class Head(nn.Module):
    """Scene coordinates of cells (Brachmann et al., ACE, CVPR 2023, section 3.2)."""

    def __init__(self, options: HeadOptions = HeadOptions(),
                 centre: Sequence[float] = (0.0, 0.0, 0.0)) -> None:
        """Make a head.

        Args:
            options: HeadOptions.
            centre: mean camera position in the map frame, metres; the output is relative to it.
        """
        super().__init__()
        self.options = options
        width = options.width
        self.blocks = nn.ModuleList(
            ResidualLayers(options.descriptor if i == 0 else width, width)
            for i in range(options.blocks + 1))
        self.last = nn.ModuleList((nn.Linear(width, width), nn.Linear(width, width)))
        self.output = nn.Linear(width, 4)
        self.register_buffer('centre', torch.tensor(centre, dtype=torch.float32))
        # softplus with this slope is 1 - 1/maximum_scale at zero: an untrained divisor is one
        self.slope = math.log(2) / (1 - 1 / options.maximum_scale)

    def forward(self, descriptors_NC: torch.Tensor) -> torch.Tensor:
        """Return scene coordinates (N, 3) in metres, map frame, float32."""
        hidden = descriptors_NC
        for block in self.blocks:
            hidden = block(hidden)
        for layer in self.last:
            hidden = functional.relu(layer(hidden))
        raw = self.output(hidden).float()
        divisor = functional.softplus(raw[:, 3:], beta=self.slope) + 1 / self.options.maximum_scale
        return raw[:, :3] / divisor.clamp_max(1 / self.options.minimum_scale) + self.centre
