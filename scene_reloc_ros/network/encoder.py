# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The scene-agnostic encoder: one dense descriptor for every 8x8 cell of a grey image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

GREY_MEAN = 0.45  # of intensities in [0, 1]; roughly zero mean and
GREY_DEVIATION = 0.25  # unit variance for the network


@dataclass(frozen=True)
class EncoderOptions:
    """Size of the encoder; channel counts."""

    stem: tuple[int, int, int] = (32, 64, 128)  # channels after the strides 2, 4 and 8
    blocks: int = 2  # residual blocks at stride 8
    context: int = 1  # residual blocks at stride 16, 0 for none
    descriptor: int = 256  # channels of a cell's descriptor


SIZES = {
    'small': EncoderOptions(),  # CPUs and small Jetsons: 5.7 GMAC at 640x480
    'base': EncoderOptions((64, 128, 256), 3, 2, 512),  # GPUs: 29 GMAC at 640x480
}


class ConvolutionBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU; a stride of 2 takes an even kernel.

    A 4x4 kernel with stride 2 and padding 1 keeps every output centred on the pixels it stands
    for, so that after three of them cell i is centred at 8 i + 3.5: the rule of
    ``geometry.pixels``. With 3x3 kernels it would lie 3.5 pixels off.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1,
                 dilation: int = 1) -> None:
        """Make the block."""
        kernel, padding = (4, 1) if stride == 2 else (3, dilation)
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, stride, padding, dilation, bias=False),
            nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a skip connection."""

    def __init__(self, channels: int, dilation: int) -> None:
        """Make the block."""
        super().__init__()
        self.first = ConvolutionBlock(channels, channels, dilation=dilation)
        self.second = ConvolutionBlock(channels, channels, dilation=dilation)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return features of the shape that came in."""
        return features + self.second(self.first(features))


class ContextBranch(nn.Module):
    """What surrounds a cell, seen at half the resolution and brought back to it."""

    def __init__(self, channels: int, blocks: int) -> None:
        """Make the branch."""
        super().__init__()
        self.down = ConvolutionBlock(channels, channels, stride=2)
        self.blocks = nn.Sequential(
            *(ResidualBlock(channels, dilation=2 ** i) for i in range(blocks)))
        # closed at first: the branch joins where it helps, whatever weights training begins with
        self.gate = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return features of the shape that came in; an odd last row repeats its neighbour."""
        rows, columns = features.shape[-2:]
        padded = functional.pad(features, (0, columns % 2, 0, rows % 2), mode='replicate')
        context = functional.interpolate(self.blocks(self.down(padded)), scale_factor=2.0,
                                         mode='bilinear', align_corners=False)
        return self.gate * context[..., :rows, :columns]


class Encoder(nn.Module):
    """Fully convolutional, stride 8, batch-normalised; sizes and costs are in ``SIZES``."""

    stride = 8  # pixels

    def __init__(self, options: EncoderOptions = EncoderOptions()) -> None:
        """Make an encoder with random weights."""
        super().__init__()
        self.options = options
        first, second, third = options.stem
        self.stem = nn.Sequential(
            ConvolutionBlock(1, first, stride=2),
            ConvolutionBlock(first, second, stride=2),
            ConvolutionBlock(second, second),
            ConvolutionBlock(second, third, stride=2))
        # the dilation doubles from block to block: context at no cost
        self.blocks = nn.Sequential(
            *(ResidualBlock(third, dilation=2 ** i) for i in range(options.blocks)))
        self.context = ContextBranch(third, options.context) if options.context else None
        self.descriptor = nn.Conv2d(third, options.descriptor, 1)

    @property
    def channels(self) -> int:
        """Length of a cell's descriptor."""
        return self.options.descriptor

    def forward(self, image_B1HW: torch.Tensor) -> torch.Tensor:
        """Return descriptors (B, C, H // 8, W // 8) of unit mean square.

        Args:
            image_B1HW: grey intensities in [0, 1], at least 8x8 pixels.
        """
        if image_B1HW.ndim != 4 or image_B1HW.shape[1] != 1:
            raise ValueError(f'encoder input has shape {tuple(image_B1HW.shape)}; '
                             'expected (B, 1, H, W)')
        features = self.descriptor(self.trunk(image_B1HW))
        return functional.normalize(features.float(), dim=1) * self.channels ** 0.5

    def trunk(self, image_B1HW: torch.Tensor) -> torch.Tensor:
        """Return what the linear descriptor layer reads: (B, channels, H // 8, W // 8)."""
        features = self.blocks(self.stem((image_B1HW - GREY_MEAN) / GREY_DEVIATION))
        return features if self.context is None else features + self.context(features)

    def fused(self) -> Encoder:
        """Fold the batch normalisations into the convolutions, for inference; return self."""
        self.eval()
        for module in list(self.modules()):
            if isinstance(module, ConvolutionBlock) and isinstance(module[1], nn.BatchNorm2d):
                module[0] = fuse_conv_bn_eval(cast(nn.Conv2d, module[0]), module[1])
                module[1] = nn.Identity()
        self.requires_grad_(False)
        return self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
