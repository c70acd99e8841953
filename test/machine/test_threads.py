# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How threads wait on a shared machine, and that answers do not depend on their number."""

import math
import os
import subprocess
import sys

import pytest
import torch

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import synthetic_problem
from scene_reloc_ros.machine.threads import core_quota, one_thread, SPINS
from scene_reloc_ros.solver.problem import SolverOptions
from scene_reloc_ros.solver.reference import solve_pose

SAY = ('import sys, os; import {}; print(os.environ.get("GOMP_SPINCOUNT"), '
       'os.environ.get("OMP_WAIT_POLICY"), "torch" in sys.modules)')


def environment_after(importing, **variables):
    """Return what a new process says of its waiting after an import."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(('OMP_', 'GOMP_', 'KMP_'))}
    return subprocess.run([sys.executable, '-c', SAY.format(importing)], check=True, text=True,
                          env={**kept, **variables}, capture_output=True).stdout.split()


@pytest.mark.parametrize('room', ['cli', 'cli.main', 'ros'])
def test_waiting_is_bounded_before_torch_is_there_to_read_it(room):
    assert environment_after(f'scene_reloc_ros.{room}') == [str(SPINS), 'None', 'False']


def test_what_the_user_has_set_stays():
    assert environment_after('scene_reloc_ros.cli', OMP_WAIT_POLICY='ACTIVE') == [
        'None', 'ACTIVE', 'False']
    assert environment_after('scene_reloc_ros.ros', GOMP_SPINCOUNT='7')[0] == '7'


def test_the_library_alone_changes_no_environment():
    assert environment_after('scene_reloc_ros')[0] == 'None'


@pytest.mark.parametrize('files, cores', [
    ({'cpu.max': '150000 100000\n'}, 1.5), ({'cpu.max': 'max 100000\n'}, math.inf),
    ({'cpu/cpu.cfs_quota_us': '200000\n', 'cpu/cpu.cfs_period_us': '100000\n'}, 2.0),
    ({'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n'}, math.inf),
    ({'cpu.max': 'nonsense'}, math.inf), ({}, math.inf)])
def test_a_container_says_how_many_cores_it_may_take(files, cores, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert core_quota(tmp_path) == cores


def test_small_work_stays_in_one_thread_and_the_number_comes_back():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize('depth', [False, True])
def test_a_pose_is_the_same_to_the_last_bit_however_many_threads_there_are(depth):
    problem = synthetic_problem(3, 2000, 0.2).posed(depth)
    before, poses = torch.get_num_threads(), []
    for threads, solve in ((1, solve_pose), (3, solve_pose), (3, solve_pose.__wrapped__)):
        torch.set_num_threads(threads)
        poses.append(solve(problem, torch.Generator().manual_seed(0), SolverOptions()))
    torch.set_num_threads(before)
    assert all(torch.equal(pose.cam_from_map, poses[0].cam_from_map) for pose in poses)
