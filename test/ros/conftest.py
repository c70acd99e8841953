# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Real nodes in processes of their own, over real DDS, on the domain of this test run."""

from importlib.util import find_spec

import pytest


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


@pytest.fixture(scope='module')
def start_node(tmp_path_factory):
    """Start node processes; all are stopped at the end of the module."""
    from support.node_process import NodeProcess
    processes = []

    def start(target, parameters, more=()):
        log = tmp_path_factory.mktemp('log') / 'node.log'
        processes.append(NodeProcess(target, parameters, log, more))
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
