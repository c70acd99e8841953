# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The encoder layout of ACE (CVPR 2023), for weights that a user brings; none are shipped.

Ten convolutions, 5.6 M parameters, stride 8, 512 channels: 3x3 kernels with three stride-2 steps,
then two residual blocks of a 3x3, a 1x1 and a 3x3 convolution.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

_GREY_MEAN, _GREY_DEVIATION = 0.4, 0.25  # of the input, roughly zero mean and unit variance
_SHIFT_PX = 4  # three 3x3 kernels of stride 2 centre cell i at pixel 8 i, our grid at 8 i + 3.5
_LAYERS = {  # name: (channels in, channels out, kernel, stride)
    'conv1': (1, 32, 3, 1), 'conv2': (32, 64, 3, 2), 'conv3': (64, 128, 3, 2),
    'conv4': (128, 256, 3, 2),
    'res1_conv1': (256, 256, 3, 1), 'res1_conv2': (256, 256, 1, 1),
    'res1_conv3': (256, 256, 3, 1),
    'res2_conv1': (256, 512, 3, 1), 'res2_conv2': (512, 512, 1, 1),
    'res2_conv3': (512, 512, 3, 1), 'res2_skip': (256, 512, 1, 1)}


class AceLayoutEncoder(nn.Module):
    """The same interface as ``Encoder``; half a pixel off our grid, which maps do not notice."""

    stride = 8  # pixels
    channels = 512

    def __init__(self) -> None:
        """Make the layers with random weights."""
        super().__init__()
        for name, (channels_in, channels_out, kernel, stride) in _LAYERS.items():
            self.add_module(name, nn.Conv2d(channels_in, channels_out, kernel, stride,
                                            kernel // 2))

    def _block(self, name: str, features: torch.Tensor) -> torch.Tensor:
        for number in (1, 2, 3):
            features = functional.relu(getattr(self, f'{name}_conv{number}')(features))
        return features

    def forward(self, image_B1HW: torch.Tensor) -> torch.Tensor:
        """Return descriptors (B, 512, H // 8, W // 8) of grey intensities in [0, 1]."""
        rows, columns = (side // self.stride for side in image_B1HW.shape[-2:])
        moved = functional.pad(image_B1HW[..., _SHIFT_PX:, _SHIFT_PX:],
                               (0, _SHIFT_PX, 0, _SHIFT_PX), mode='replicate')
        features = (moved - _GREY_MEAN) / _GREY_DEVIATION
        for number in (1, 2, 3, 4):
            features = functional.relu(getattr(self, f'conv{number}')(features))
        features = features + self._block('res1', features)
        features = self.get_submodule('res2_skip')(features) + self._block('res2', features)
        return features[..., :rows, :columns].float()

    def fused(self) -> AceLayoutEncoder:
        """Prepare for inference; return self."""
        self.eval().requires_grad_(False)
        return self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def load_ace_layout(path: str | Path) -> AceLayoutEncoder:
    """Return an AceLayoutEncoder with the weights of a checkpoint; no pickled code is run.

    Raises ValueError where the file is no state dict of this layout; the message names a layer.
    """
    try:
        weights = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch raises many kinds for files that are no checkpoints
        raise ValueError(f'{path} is no plain checkpoint of tensors ({type(error).__name__}); '
                         'save the state dict alone') from error
    encoder = AceLayoutEncoder()
    for name, expected in encoder.state_dict().items():
        given = weights.get(name) if isinstance(weights, dict) else None
        found = tuple(given.shape) if isinstance(given, torch.Tensor) else 'nothing'
        if found != tuple(expected.shape):
            raise ValueError(f'{path} does not have the ACE layout: {name} is {found}, expected '
                             f'{tuple(expected.shape)}')
    encoder.load_state_dict({name: weights[name].float() for name in encoder.state_dict()})
    return encoder
