# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which backend runs: named ones or none, the best one under auto."""

import pytest
import torch

from scene_reloc_ros.machine import fallback
from scene_reloc_ros.solver import backend
from scene_reloc_ros.solver.cuda import compiler, launch
from scene_reloc_ros.solver.reference import solve_pose

GPU, CPU = torch.device('cuda'), torch.device('cpu')


class Solver:
    """Stands for a CudaSolver."""

    def solve_pose(self):
        """Solve nothing."""


@pytest.fixture
def with_cuda(monkeypatch):
    """Pretend that the cuda solver can run; return the devices that it was made for."""
    devices = []
    monkeypatch.setattr(backend, 'missing', lambda: None)
    monkeypatch.setattr(backend, 'solver_of', lambda device: devices.append(device) or Solver())
    return devices


def test_auto_takes_cuda_for_problems_on_a_gpu_only(with_cuda):
    assert backend.select_solver('auto', GPU)[0] == 'cuda'
    assert backend.select_solver('auto', CPU) == ('reference', solve_pose)
    assert backend.select_solver('auto') == ('reference', solve_pose)
    assert with_cuda == [GPU]


def test_auto_takes_the_reference_where_cuda_cannot_run(monkeypatch):
    monkeypatch.setattr(backend, 'missing', lambda: 'something')
    assert backend.select_solver('auto', GPU) == ('reference', solve_pose)


@pytest.mark.parametrize('fault', [
    RuntimeError('the kernels did not compile for sm_75: kernels.cu(3): error\nmore'),
    ImportError('libnvrtc.so.13: cannot open shared object file'),
    torch.OutOfMemoryError('CUDA out of memory')])
def test_auto_takes_the_reference_where_kernels_cannot_be_made_and_says_so_once(
        monkeypatch, caplog, fault):
    tried = []

    def failing(device):
        tried.append(device)
        raise fault

    monkeypatch.setattr(backend, 'missing', lambda: None)
    monkeypatch.setattr(backend, 'solver_of', failing)
    monkeypatch.setattr(backend, '_faults', {})
    monkeypatch.setattr(fallback, '_told', set())
    assert [backend.select_solver('auto', GPU)[0] for _ in range(3)] == ['reference'] * 3
    assert tried == [GPU]  # a compiler that refused is not asked for every map
    assert [str(fault).splitlines()[0] in record.message for record in caplog.records] == [True]
    with pytest.raises(type(fault)):
        backend.select_solver('cuda', GPU)


def test_a_named_backend_runs_or_nothing_does(with_cuda):
    assert backend.select_solver('reference', GPU) == ('reference', solve_pose)
    assert backend.select_solver('cuda')[0] == 'cuda'
    with pytest.raises(ValueError, match='fastest'):
        backend.select_solver('fastest')


@pytest.mark.parametrize('gpu, package, words', [
    (False, True, ('NVIDIA GPU', 'reference')), (True, False, ('pip install', 'reference'))])
def test_what_is_missing_is_said_with_its_remedy(monkeypatch, gpu, package, words):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
    monkeypatch.setattr(compiler, '_has_cuda_core', lambda: package)
    backend.solver_of.cache_clear()
    with pytest.raises(RuntimeError) as error:
        backend.select_solver('cuda')
    assert all(word in str(error.value) for word in words)
    assert str(error.value) == launch.missing()


def test_nothing_is_missing_where_both_are_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(compiler, '_has_cuda_core', lambda: True)
    assert compiler.missing() is None
