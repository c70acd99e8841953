# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The machine that a figure was measured on."""

from __future__ import annotations

import os
from pathlib import Path
import platform
import re

import torch


def machine_name() -> str:
    """Return the processor, how many cores this process may use, and the GPU if there is one."""
    try:
        models = re.findall(r'model name\s*:\s*(.+)', Path('/proc/cpuinfo').read_text())
    except OSError:
        models = []
    name = models[0] if models else platform.machine()
    cores = len(os.sched_getaffinity(0))
    gpu = f', {torch.cuda.get_device_name()}' if torch.cuda.is_available() else ''
    return f'{name}, {cores} cores, {torch.get_num_threads()} threads{gpu}'
