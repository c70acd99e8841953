# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The choice of a solver backend: asked for by name, or the best that this machine has."""

from __future__ import annotations

import torch

from scene_reloc_ros.machine.fallback import tell_fallback
from scene_reloc_ros.solver.cuda.compiler import missing
from scene_reloc_ros.solver.cuda.solver import solver_of
from scene_reloc_ros.solver.problem import SolverFunction
from scene_reloc_ros.solver.reference import solve_pose

_faults: dict[torch.device, str] = {}  # of GPUs whose kernels cannot be made: asked once

BACKENDS = ('auto', 'reference', 'cuda')


def select_solver(name: str = 'auto',
                  device: torch.device | None = None) -> tuple[str, SolverFunction]:
    """Return (backend name, solve function) with the signature of ``reference.solve_pose``.

    Args:
        name: one of BACKENDS; ``auto`` takes cuda where the device is a GPU and it can run, and
            tells once where that fails.
        device: torch.device that the problems lie on; None for the CPU under ``auto``, for the
            first GPU under ``cuda``.

    Raises ValueError for an unknown name and RuntimeError where the backend cannot run here.
    """
    if name not in BACKENDS:
        raise ValueError(f'solver {name!r} is unknown; expected one of {", ".join(BACKENDS)}')
    on_gpu = device is not None and device.type == 'cuda'
    if name == 'reference' or name == 'auto' and not (on_gpu and missing() is None):
        return 'reference', solve_pose
    if name == 'auto' and device is not None:
        return _best_of(device)
    return 'cuda', solver_of(device if on_gpu else torch.device('cuda')).solve_pose


def _best_of(gpu: torch.device) -> tuple[str, SolverFunction]:
    """Return the backend of a GPU, the reference where its kernels cannot be made: told once."""
    if gpu not in _faults:
        try:
            return 'cuda', solver_of(gpu).solve_pose
        except Exception as error:  # noqa: BLE001  # each version of cuda-core has its own
            _faults[gpu] = str(error).splitlines()[0] if str(error) else type(error).__name__
    tell_fallback(f'the solver reference is used: {_faults[gpu]}')
    return 'reference', solve_pose
