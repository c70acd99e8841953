# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Devices: which one is meant, and the precision that it likes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
import warnings

import torch

from scene_reloc_ros.machine.fallback import tell_fallback

DEVICES = ('auto', 'cpu', 'cuda')
_CPU_FLAGS = ('amx_bf16', 'avx512_bf16', 'bf16')  # x86 and Arm names of bfloat16 arithmetic
_CPU = torch.device('cpu')
Made = TypeVar('Made')


def resolve_device(name: str = 'auto') -> torch.device:
    """Return a torch.device; under ``auto`` the CPU where a GPU is missing or cannot be used.

    A GPU that is there and cannot be used, of a driver that is too old or without memory to spare,
    is told once. RuntimeError where cuda was asked for by name.
    """
    if name not in DEVICES and not str(name).startswith('cuda:'):
        raise ValueError(f'device {name!r} is unknown; expected one of {", ".join(DEVICES)}')
    if name == 'cpu':
        return _CPU
    device = torch.device('cuda' if name == 'auto' else name)
    there, fault = _look_for_gpu(device)
    if fault is None:
        return device
    if name != 'auto':
        raise RuntimeError(f'device {name} was asked for, but {fault}; use --device cpu or '
                           'install a driver and a torch that fit each other')
    if there:
        tell_fallback(f'the networks run on the CPU: {fault}')
    return _CPU


def on_device(name: str, make: Callable[[torch.device], Made]) -> Made:
    """Return what is made on a device; under ``auto`` on the CPU where a GPU fails at it.

    Args:
        name: as of ``resolve_device``.
        make: function of the torch.device; a RuntimeError of it, such as that of a memory that is
            full, is told once.
    """
    device = resolve_device(name)
    try:
        return make(device)
    except RuntimeError as error:
        if name != 'auto' or device.type == 'cpu':
            raise
        tell_fallback(f'the networks run on the CPU: {_first_line(error)}')
        return make(_CPU)


def _look_for_gpu(device: torch.device) -> tuple[bool, str | None]:
    """Return whether a GPU is there, and why it cannot be used, None where it can."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        available = torch.cuda.is_available()
    if not available:
        # torch warns where there is a driver that it cannot use
        fault = f': {_first_line(said[0].message)}' if said else ''
        return bool(said), f'this torch sees no CUDA GPU{fault}'
    try:
        if int((torch.ones(2, device=device) * 2).sum()) != 4:
            return True, 'the GPU cannot add'
    except (RuntimeError, AssertionError) as error:
        return True, f'the GPU cannot be used ({_first_line(error)})'
    return True, None


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


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
