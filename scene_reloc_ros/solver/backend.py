# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The choice of a solver backend: asked for by name, or the best that this machine has."""

from scene_reloc_ros.solver.reference import solve_pose

BACKENDS = ('auto', 'reference', 'cuda')


def select_solver(name='auto'):
    """Return (backend name, solve function) with the signature of ``reference.solve_pose``.

    Raises ValueError for an unknown name and RuntimeError where the backend cannot run here.
    """
    if name not in BACKENDS:
        raise ValueError(f'solver {name!r} is unknown; expected one of {", ".join(BACKENDS)}')
    if name == 'cuda':
        raise RuntimeError('the cuda solver is not part of this version; use reference, which '
                           'runs on the GPU too')
    return 'reference', solve_pose
