# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Child processes of the demo: interrupted at the end, killed if need be, named when they fail."""

import time

import pytest

from scene_reloc_ros.cli.demo import processes as child_processes
from scene_reloc_ros.cli.demo.processes import ChildProcess, stop_all

PATIENT = 'import time; print("ready", flush=True); time.sleep(1000)'
DEAF = 'import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); ' + PATIENT


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a child that runs a line of Python, and wait for its first words."""
    children = []

    def begin(code, wait=True):
        monkeypatch.setenv('PYTHONPATH', str(tmp_path))
        name = f'child_{len(children)}'
        (tmp_path / f'{name}.py').write_text(code)
        children.append(ChildProcess(name, name, [], tmp_path / f'{name}.log'))
        while wait and 'ready' not in children[-1].log.read_text():
            assert children[-1].exit_code is None
            time.sleep(0.02)
        return children[-1]
    yield begin
    stop_all(children)


def test_all_children_are_interrupted_at_once(start):
    children = [start(PATIENT), start(PATIENT)]
    assert [child.exit_code for child in children] == [None, None]
    began_s = time.monotonic()
    stop_all(children)
    assert all(child.exit_code is not None for child in children)
    assert time.monotonic() - began_s < 10


def test_a_child_that_does_not_listen_is_killed(start, monkeypatch):
    monkeypatch.setattr(child_processes, '_STOP_S', 0.3)
    child = start(DEAF)
    stop_all([child])
    assert child.exit_code == -9


def test_a_failed_child_is_named_with_the_end_of_its_log(start):
    child = start('import sys; print("no camera"); sys.exit(3)', wait=False)
    while child.exit_code is None:
        time.sleep(0.02)
    assert child.failure.startswith('child_0 ended with exit code 3; the end of')
    assert child.failure.endswith('no camera')
