# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The kernels' headers, built by the machine's C++ compiler and called from Python."""

import ctypes
from functools import lru_cache
import os
from pathlib import Path
import shutil
import subprocess
import tempfile

import pytest
import torch

from scene_reloc_ros.solver.cuda import compiler
from scene_reloc_ros.solver.cuda.solver import CudaSolver
from scene_reloc_ros.solver.cuda.workspace import SettingsLayout

HEADERS = Path(compiler.__file__).parent
SOURCE = Path(__file__).with_name('host_emulation.cpp')
FLAGS = ('-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-pthread')


class InputsLayout(ctypes.Structure):
    """``Inputs`` of workspace.cuh."""

    _fields_ = [(name, ctypes.c_void_p) for name in ('rays', 'points', 'depths', 'weights')]

    @classmethod
    def of(cls, problem):
        """Return the layout of a PoseProblem, which keeps what it points to alive."""
        values = [None if v is None else v.float().contiguous()
                  for v in (problem.rays, problem.points, problem.depths, problem.weights)]
        layout = cls(*(None if v is None else v.data_ptr() for v in values))
        layout.values = values
        return layout


def host_compiler():
    """Return the C++ compiler's path, or skip the test."""
    found = shutil.which(os.environ.get('CXX', 'g++')) or shutil.which('clang++')
    if found is None:
        pytest.skip('no C++ compiler (g++ or clang++) was found')
    return found


def build(target, *flags):
    """Build the emulation into a file; an error shows what the compiler said."""
    done = subprocess.run([host_compiler(), *FLAGS, *flags, f'-I{HEADERS}', str(SOURCE), '-o',
                           str(target)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@lru_cache(None)
def library():
    """Return the built library; it is deleted once it is loaded."""
    host_compiler()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / 'emulation.so')
        loaded = ctypes.CDLL(str(Path(folder) / 'emulation.so'))
    loaded.sides_differ.restype = ctypes.c_double
    return loaded


def doubles(*shape):
    """Return zeros (float64) to be written by the library."""
    return torch.zeros(shape, dtype=torch.float64)


def pointer(tensor):
    """Return a tensor's address, which keeps the tensor alive."""
    assert tensor.is_contiguous()
    address = ctypes.c_void_p(tensor.data_ptr())
    address.tensor = tensor
    return address


def settings(options, focal_px):
    """Return the settings by reference."""
    return ctypes.byref(SettingsLayout.of(options, focal_px))


def matrices(rows):
    """Return the poses (..., 4, 4) of (..., 12) rotations by rows and translations."""
    poses = torch.eye(4, dtype=torch.float64).repeat(*rows.shape[:-1], 1, 1)
    poses[..., :3, :3] = rows[..., :9].unflatten(-1, (3, 3))
    poses[..., :3, 3] = rows[..., 9:]
    return poses


def flat(pose):
    """Return the (12,) values of a pose (4, 4), as the headers lay it out."""
    return torch.cat((pose[:3, :3].flatten(), pose[:3, 3])).double().contiguous()


class HostKernels:
    """Runs the kernels one after the other on the host; each team has some ranks."""

    def __init__(self, ranks=1):
        self.ranks, self.launched = ranks, []

    def __call__(self, name, blocks, threads, *arguments):
        """Run a kernel, with the arguments of a launch."""
        self.launched.append(name)
        inputs, round_ = InputsLayout(), 0
        if name == 'prepare_query':
            inputs, arguments = InputsLayout(*arguments[:4]), arguments[4:]
        workspace, *rest = arguments
        if rest:
            round_ = rest[0].value
        library().run_kernel(name.encode(), blocks, threads, self.ranks, ctypes.byref(inputs),
                             ctypes.c_void_p(workspace), round_)


def emulated_solver(ranks=1):
    """Return a CudaSolver whose kernels run on the host."""
    library()
    return CudaSolver(HostKernels(ranks))
