# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The loop that trains a head, at the size of a preset, on cells that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from statistics import median
import subprocess
import sys
import time
from typing import Any

import torch

from scene_reloc_ros.machine.threads import SPINS, WAITING
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer
from scene_reloc_ros.mapping.head_training import HeadTraining
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.network.device import preferred_dtype

_CELLS, _FRAMES = 100_000, 300  # of the buffer: more than a cache holds
_DESCRIPTOR = 256
_WARM_UP = 2  # steps
_DONE = 0.1  # share of the training at which the steps are
# How threads wait for each other, the setting of this package first. OpenMP's own (libgomp's) is
# that of version 0.1.0.
SETTINGS = {'bounded': {'GOMP_SPINCOUNT': str(SPINS)}, 'as OpenMP comes': {},
            'passive': {'OMP_WAIT_POLICY': 'PASSIVE'}, 'one thread': {'OMP_NUM_THREADS': '1'}}


def training_rate(seconds: float, preset: str = 'standard') -> dict[str, Any]:
    """Return steps, steps_per_s, cpu_ms_a_step and threads of so many seconds on the CPU."""
    generator, options = torch.Generator().manual_seed(0), PRESETS[preset]
    buffer = meaningless_buffer(generator)
    training = HeadTraining(buffer, options, generator, 0.0)
    batches = _batches(buffer, options.batch, generator)
    for _ in range(_WARM_UP):
        training.step(next(batches), _DONE)
    steps, began_s, cpu_s = 0, time.monotonic(), time.process_time()
    while time.monotonic() < began_s + seconds:
        training.step(next(batches), _DONE)
        steps += 1
    wall_s = time.monotonic() - began_s
    return {'steps': steps, 'steps_per_s': steps / wall_s, 'threads': torch.get_num_threads(),
            'cpu_ms_a_step': 1e3 * (time.process_time() - cpu_s) / steps}


def meaningless_buffer(generator: torch.Generator) -> FeatureBuffer:
    """Return a FeatureBuffer of the usual size in memory, of random cells."""
    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)
    return FeatureBuffer(
        normal(_CELLS, _DESCRIPTOR).to(preferred_dtype(torch.device('cpu'))),
        0.3 * normal(_CELLS, 2), torch.randint(_FRAMES, (_CELLS,), generator=generator),
        torch.eye(4).repeat(_FRAMES, 1, 1), torch.full((_FRAMES,), 500.0),
        torch.zeros(_FRAMES, 3).double(), 4 * torch.rand(_CELLS, generator=generator))


def _batches(buffer: FeatureBuffer, batch: int,
             generator: torch.Generator) -> Iterator[torch.Tensor]:
    while True:
        yield from buffer.shuffled(batch, generator)


@contextmanager
def busy_processes(count: int) -> Iterator[list[int]]:
    """Keep so many processes computing beside what is measured; yield their numbers."""
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass'], stdin=subprocess.DEVNULL)
            for _ in range(count)]
    try:
        yield [process.pid for process in busy]
    finally:
        for process in busy:
            process.kill()
            process.wait()


def rates_of_settings(seconds: float, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the medians of ``training_rate`` for each of SETTINGS, and their ratio to its peer.

    Each runs in a process of its own, for OpenMP reads its settings once. They take turns, so that
    a busy moment of the machine hits them alike: ``ratio`` is the median, over the rounds, of the
    steps of a setting to those of OpenMP's own in the same round.

    Args:
        seconds: of each run.
        rounds: runs of each setting, count.
    """
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in SETTINGS}
    for _ in range(rounds):
        for name, variables in SETTINGS.items():
            runs[name].append(_rate_in_process(seconds, variables))
    peers = [run['steps_per_s'] for run in runs['as OpenMP comes']]
    return {name: {
        **{key: median([run[key] for run in found]) for key in found[0]},
        'ratio': median([run['steps_per_s'] / peer for run, peer in zip(found, peers)])}
        for name, found in runs.items()}


def _rate_in_process(seconds: float, variables: dict[str, str]) -> dict[str, Any]:
    """Return what ``training_rate`` says in a process with these variables; RuntimeError."""
    kept = {name: value for name, value in os.environ.items() if name not in WAITING}
    code = f'import json; from {__name__} import training_rate as rate; ' \
           f'print(json.dumps(rate({seconds!r})))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          env={**kept, **variables}, check=False)
    if done.returncode:
        raise RuntimeError(f'the training that is measured failed: {done.stderr.strip()[-300:]}')
    return json.loads(done.stdout)
