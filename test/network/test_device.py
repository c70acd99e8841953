# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the networks run, and what is done where a GPU is there and cannot be used."""

import logging
import warnings

import pytest
import torch

from scene_reloc_ros.machine import fallback
from scene_reloc_ros.network import device as devices
from scene_reloc_ros.network.device import on_device, preferred_dtype, resolve_device

TOO_OLD = 'CUDA initialization: The NVIDIA driver on your system is too old (found version 11040)'


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    """Begin as a new process does."""
    monkeypatch.setattr(fallback, '_told', set())


@pytest.fixture
def gpu(monkeypatch):
    """Pretend that a GPU is there and computes."""
    monkeypatch.setattr(devices, '_look_for_gpu', lambda device: (True, None))


def told(caplog):
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


def test_a_device_that_is_not_there_is_an_error(caplog):
    assert resolve_device('cpu').type == 'cpu'
    with pytest.raises(ValueError, match='tpu'):
        resolve_device('tpu')
    if not torch.cuda.is_available():
        assert resolve_device('auto').type == 'cpu'
        with pytest.raises(RuntimeError, match='no CUDA GPU'):
            resolve_device('cuda')
    assert preferred_dtype(torch.device('cpu')) in (torch.bfloat16, torch.float32)
    assert told(caplog) == []  # a machine without a GPU lacks nothing


def test_a_driver_that_is_too_old_is_told_once_and_the_cpu_taken(monkeypatch, caplog):
    def no_gpu():
        warnings.warn(TOO_OLD, stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, 'is_available', no_gpu)
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # nothing else may warn
        assert [resolve_device('auto').type for _ in range(3)] == ['cpu'] * 3
    assert len(told(caplog)) == 1 and 'driver on your system is too old' in told(caplog)[0]
    with pytest.raises(RuntimeError, match='driver on your system is too old'):
        resolve_device('cuda')


@pytest.mark.parametrize('fault', [
    RuntimeError('CUDA error: no kernel image is available for execution on the device\nCompile'),
    torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 MiB'),
    AssertionError('Torch not compiled with CUDA enabled')])
def test_a_gpu_that_cannot_compute_is_told_once_and_the_cpu_taken(monkeypatch, caplog, fault):
    def failing(*_, **__):
        raise fault

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch, 'ones', failing)
    assert resolve_device('auto').type == resolve_device('auto').type == 'cpu'
    assert len(told(caplog)) == 1 and str(fault).splitlines()[0] in told(caplog)[0]
    assert '\n' not in told(caplog)[0]
    with pytest.raises(RuntimeError, match='device cuda was asked for, but the GPU cannot'):
        resolve_device('cuda')


def test_what_does_not_fit_the_memory_of_a_gpu_is_made_on_the_cpu(gpu, caplog):
    tried = []

    def make(device):
        tried.append(device.type)
        if device.type == 'cuda':
            raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 GiB')
        return 'made'

    assert on_device('auto', make) == 'made' and tried == ['cuda', 'cpu']
    assert on_device('auto', make) == 'made'
    assert len(told(caplog)) == 1 and 'out of memory' in told(caplog)[0]
    with pytest.raises(torch.OutOfMemoryError):
        on_device('cuda', make)  # who asks for it by name gets no other


def test_an_error_on_the_cpu_is_no_reason_to_try_again(caplog):
    tried = []

    def failing(device):
        tried.append(device)
        raise RuntimeError('not enough memory')

    with pytest.raises(RuntimeError, match='not enough memory'):
        on_device('cpu', failing)
    assert len(tried) == 1 and told(caplog) == []
