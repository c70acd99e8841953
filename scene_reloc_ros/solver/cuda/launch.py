# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The kernels of one GPU, loaded, and their launch on torch's current stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import ctypes

import torch

from scene_reloc_ros.solver.cuda.compiler import compiler_version, machine_code, missing
from scene_reloc_ros.solver.cuda.workspace import ROUNDS, shares_of, Workspace

_PREPARE_THREADS = 512  # the numbers of threads are the bounds of kernels.cu
_GENERATE_THREADS = 64
_SELECT_THREADS = 512
_COMPARE_THREADS = 128
_REFINE_THREADS = 256
_FINISH_THREADS = 512
_GROWTH = 4  # of a round over the one before, as in rounds.cuh
_KERNELS = ('prepare_query', 'generate_hypotheses', 'select_hypotheses', 'compare_hypotheses',
            'refine_hypotheses', 'finish_pose')
Launch = Callable[..., None]  # of a kernel's name, blocks, threads and arguments


class DeviceKernels:
    """The kernels on a GPU."""

    def __init__(self, device: torch.device) -> None:
        """Compile or find them; RuntimeError where something is missing.

        Args:
            device: torch.device of type cuda.
        """
        lacking = missing()
        if lacking:
            raise RuntimeError(lacking)
        from cuda.core import Device, launch, LaunchConfig, ObjectCode
        self._launch, self._config = launch, LaunchConfig
        self.device = torch.device('cuda', torch.cuda.current_device()
                                   if device.index is None else device.index)
        with torch.cuda.device(self.device):
            torch.cuda.current_stream().synchronize()  # torch makes the GPU's context here
            Device(self.device.index).set_current()
            major, minor = torch.cuda.get_device_capability()
            code = ObjectCode.from_cubin(machine_code(f'sm_{major}{minor}', compiler_version()))
            self._kernels = {name: code.get_kernel(name) for name in _KERNELS}

    def __call__(self, name: str, blocks: int, threads: int,
                 *arguments: int | ctypes.c_int) -> None:
        """Launch a kernel on torch's current stream; returns at once.

        Args:
            name: of the kernel.
            blocks, threads: of the grid and of each block.
            arguments: addresses as Python int, other integers as ``ctypes.c_int``.
        """
        stream = _Stream(torch.cuda.current_stream(self.device))
        self._launch(stream, self._config(grid=blocks, block=threads), self._kernels[name],
                     *arguments)


class _Stream:
    """A torch stream in the protocol of cuda-core."""

    def __init__(self, stream: torch.cuda.Stream) -> None:
        self._stream = stream

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self._stream.cuda_stream


def launch_sequence(launch: Launch, inputs: Sequence[int], workspace: Workspace) -> None:
    """Launch all kernels of one query, in order; the host looks at nothing in between.

    A round that is not needed ends as soon as it has read so.

    Args:
        launch: called with name, blocks, threads and arguments of each kernel.
        inputs: addresses of rays, points, depths and weights, 0 where there are none.
        workspace: Workspace.
    """
    options, address = workspace.options, workspace.address
    launch('prepare_query', 1, _PREPARE_THREADS, *inputs, address)
    for number in range(ROUNDS):
        samples, shares = options.maximum_samples, shares_of(options, number)
        if number + 1 < ROUNDS:
            samples = min(options.round_samples, options.first_samples * _GROWTH ** number)
        round_number = ctypes.c_int(number)
        launch('generate_hypotheses', -(-samples // _GENERATE_THREADS), _GENERATE_THREADS,
               address, round_number)
        launch('select_hypotheses', 1, _SELECT_THREADS, address, round_number)
        launch('compare_hypotheses', shares * options.scored, _COMPARE_THREADS, address,
               round_number)
        launch('refine_hypotheses', shares * options.refined, _REFINE_THREADS, address,
               round_number)
    launch('finish_pose', 1, _FINISH_THREADS, address)
