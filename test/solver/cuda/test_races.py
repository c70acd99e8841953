# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The ranks of a team wait for each other: the kernels' bodies under ThreadSanitizer."""

import os
from pathlib import Path
import subprocess
import sys

import pytest
from support.host_emulation import build, host_compiler
from support.places import ROOT

SOLVE = """
import ctypes, sys
import torch
from support import host_emulation
from support.queries import query
from scene_reloc_ros.solver.problem import SolverOptions

library = ctypes.CDLL(sys.argv[1])
host_emulation.library = lambda: library
solver = host_emulation.emulated_solver(ranks=4)
for kind in ({}, {'depth_share': 0.72, 'weighted': True, 'broken': True}):
    for inliers in (0.1, 0.9):
        problem, _ = query(0, 400, inliers, **kind)
        solver.solve_pose(problem, torch.Generator().manual_seed(0),
                          SolverOptions(maximum_samples=4000, scored=16))
print('solved')
"""


@pytest.mark.slow
def test_no_two_ranks_touch_the_same_memory_without_waiting(tmp_path):
    runtime = subprocess.run([host_compiler(), '-print-file-name=libtsan.so'],
                             capture_output=True, text=True).stdout.strip()
    if not Path(runtime).is_file():
        pytest.skip('the C++ compiler has no ThreadSanitizer')
    build(tmp_path / 'races.so', '-g', '-fsanitize=thread')
    paths = os.pathsep.join(map(str, (ROOT, ROOT / 'test', *filter(None, sys.path))))
    done = subprocess.run(
        [sys.executable, '-c', SOLVE, str(tmp_path / 'races.so')], capture_output=True, text=True,
        timeout=300, env={**os.environ, 'LD_PRELOAD': runtime, 'OMP_NUM_THREADS': '1',
                          'PYTHONPATH': paths})
    if 'unexpected memory mapping' in done.stderr:
        pytest.skip('ThreadSanitizer does not run with the address layout of this machine')
    assert 'WARNING: ThreadSanitizer' not in done.stderr, done.stderr[:4000]
    assert done.stdout.split() == ['solved'] and done.returncode == 0, done.stderr[:4000]
