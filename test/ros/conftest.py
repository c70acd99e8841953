# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Real nodes in processes of their own, over real DDS, on the domain of this test run."""

from importlib.util import find_spec
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
_STOP_S = 20


class WithoutRos(pytest.Module):
    """A file of tests that needs rclpy on a machine that has none."""

    def collect(self):
        """Say so instead of importing it."""
        pytest.skip('no ROS 2 client library is installed', allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip the files of this folder where there is no ROS 2, before they are imported."""
    if find_spec('rclpy') is None:
        return WithoutRos.from_parent(parent, path=module_path)
    return None


class NodeProcess:
    """A node started with python; stopped with SIGINT to its process group."""

    def __init__(self, target, parameters, log):
        """Start a module (a.b.c) or a script (path) with ROS parameters."""
        start = [str(target)] if str(target).endswith('.py') else ['-m', str(target)]
        ros_arguments = [text for name, value in parameters.items()
                         for text in ('-p', f'{name}:={value}')]
        path = os.pathsep.join((str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')))
        self.log = log
        with log.open('w') as stream:
            self.process = subprocess.Popen(
                [sys.executable, *start, '--ros-args', *ros_arguments], cwd=ROOT, stdout=stream,
                stderr=stream, start_new_session=True, env={**os.environ, 'PYTHONPATH': path})

    def stop(self):
        """Interrupt, and kill what does not end; returns the exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


@pytest.fixture(scope='module')
def start_node(tmp_path_factory):
    """Start node processes; all are stopped at the end of the module."""
    processes = []

    def start(target, parameters):
        log = tmp_path_factory.mktemp('log') / 'node.log'
        processes.append(NodeProcess(target, parameters, log))
        return processes[-1]
    yield start
    for process in processes:
        process.stop()


@pytest.fixture(scope='module')
def bystander():
    """Give a node of the test's own process that listens, publishes and calls services."""
    from support.bystander import Bystander
    node = Bystander()
    yield node
    node.close()
