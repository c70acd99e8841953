# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Devices: which one is meant, and the precision that it likes."""

from __future__ import annotations

from pathlib import Path

import torch

DEVICES = ('auto', 'cpu', 'cuda')
_CPU_FLAGS = ('amx_bf16', 'avx512_bf16', 'bf16')  # x86 and Arm names of bfloat16 arithmetic


def resolve_device(name: str = 'auto') -> torch.device:
    """Return a torch.device; RuntimeError where cuda was asked for and there is none."""
    if name not in DEVICES and not str(name).startswith('cuda:'):
        raise ValueError(f'device {name!r} is unknown; expected one of {", ".join(DEVICES)}')
    if name == 'auto':
        name = 'cuda' if torch.cuda.is_available() else 'cpu'
    if str(name).startswith('cuda') and not torch.cuda.is_available():
        raise RuntimeError('device cuda was asked for, but this torch sees no CUDA GPU; '
                           'use --device cpu or install a torch with CUDA')
    return torch.device(name)


def preferred_dtype(device: torch.device) -> torch.dtype:
    """Return the precision in which the networks run fastest on a device."""
    if device.type == 'cuda':
        return torch.float16
    return torch.bfloat16 if _cpu_computes_bfloat16() else torch.float32


def _cpu_computes_bfloat16() -> bool:
    try:
        words = set(Path('/proc/cpuinfo').read_text().split())
    except OSError:
        return False
    return any(flag in words for flag in _CPU_FLAGS)


def autocast(device: torch.device) -> torch.autocast:
    """Return the context in which networks run on a device."""
    dtype = preferred_dtype(device)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)
