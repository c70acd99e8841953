# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The choice of a solver backend: asked for by name, or the best that this machine has."""

from __future__ import annotations

import torch

from scene_reloc_ros.solver.cuda.compiler import missing
from scene_reloc_ros.solver.cuda.solver import solver_of
from scene_reloc_ros.solver.problem import SolverFunction
from scene_reloc_ros.solver.reference import solve_pose

BACKENDS = ('auto', 'reference', 'cuda')


def select_solver(name: str = 'auto',
                  device: torch.device | None = None) -> tuple[str, SolverFunction]:
    """Return (backend name, solve function) with the signature of ``reference.solve_pose``.

    Args:
        name: one of BACKENDS; ``auto`` takes cuda where the device is a GPU and it can run.
        device: torch.device that the problems lie on; None for the CPU under ``auto``, for the
            first GPU under ``cuda``.

    Raises ValueError for an unknown name and RuntimeError where the backend cannot run here.
    """
    if name not in BACKENDS:
        raise ValueError(f'solver {name!r} is unknown; expected one of {", ".join(BACKENDS)}')
    on_gpu = device is not None and device.type == 'cuda'
    if name == 'auto' and not (on_gpu and missing() is None):
        return 'reference', solve_pose
    if name == 'reference':
        return 'reference', solve_pose
    return 'cuda', solver_of(device if on_gpu else torch.device('cuda')).solve_pose
