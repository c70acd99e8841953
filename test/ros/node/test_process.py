# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A node ends with code 0 and soon, whenever and however often it is told to."""

import os
import signal
import subprocess
import sys
import time

from nav_msgs.srv import LoadMap
import pytest
from support.places import SUPPORT

from scene_reloc_ros.ros.node.process import arguments_sentence
from scene_reloc_ros.ros.node.stop_signals import GRACE_S

pytestmark = pytest.mark.ros
BUSY_S = 3.0  # what a machine that does other work adds
SLOW = SUPPORT / 'machine' / 'slow_relocaliser.py'


def wait_for(condition, timeout_s=30.0):
    """Wait until something is true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stopped(node, *numbers):
    """Send signals shortly after each other; return the exit code and how long it took."""
    begin = time.monotonic()
    for number in numbers:
        if node.process.exitcode is None:
            os.kill(node.process.pid, number)
        time.sleep(0.1)
    node.process.join(20)
    return node.process.exitcode, time.monotonic() - begin


def start_module(*arguments):
    """Start a node as ``ros2 run`` does, with what it says in a pipe."""
    return subprocess.Popen([sys.executable, '-m', 'scene_reloc_ros.ros.mapper', *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_imports_ends_a_node_at_once(number):
    process = start_module()
    taken = f'/proc/{process.pid}/status'

    def handles_signals():
        with open(taken) as file:
            caught = next(line for line in file if line.startswith('SigCgt'))
        return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1
    wait_for(handles_signals)
    begin = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, '')
    assert time.monotonic() - begin < 2 + BUSY_S


@pytest.mark.parametrize('numbers', [
    (signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGINT)])
def test_signals_while_a_node_shuts_down_change_nothing(start_node, numbers):
    node = start_node('scene_reloc_ros.ros.dataset_player.node', {})
    wait_for(lambda: 'active: ' in node.log.read_text())
    code, seconds = stopped(node, *numbers)
    assert code == 0 and seconds < GRACE_S + BUSY_S
    assert 'Traceback' not in node.log.read_text()


@pytest.mark.parametrize('numbers', [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
def test_a_node_ends_while_its_map_loads(start_node, tmp_path, numbers):
    (tmp_path / 'slow.map').touch()
    node = start_node(SLOW, {'map': str(tmp_path / 'slow.map')})
    wait_for(lambda: 'loading' in node.log.read_text())
    code, seconds = stopped(node, *numbers)
    assert code == 0 and seconds < GRACE_S + BUSY_S
    assert 'Traceback' not in node.log.read_text()


def test_a_node_ends_while_a_service_loads_a_map(start_node, bystander, tmp_path):
    (tmp_path / 'slow.map').touch()
    node = start_node(SLOW, {})
    client = bystander.node.create_client(LoadMap, '/relocaliser/load_map')
    assert client.wait_for_service(30.0)
    client.call_async(LoadMap.Request(map_url=str(tmp_path / 'slow.map')))
    wait_for(lambda: 'loading' in node.log.read_text())
    code, seconds = stopped(node, signal.SIGINT)
    assert code == 0 and seconds < GRACE_S + BUSY_S
    assert 'never retrieved' not in node.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize('arguments, sentence', [
    (('--log-level', 'bogus'), "log level 'bogus' is unknown; use debug, info, warn"),
    (('-p', 'folder'), "parameter override rule '-p folder' cannot be read"),
])
def test_arguments_that_cannot_be_read_are_a_sentence(arguments, sentence):
    process = start_module('--ros-args', *arguments)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert sentence in said and 'Traceback' not in said


def test_what_rcl_says_otherwise_is_passed_on():
    assert arguments_sentence(RuntimeError("['--bogus']")).endswith("started: ['--bogus']")


def test_the_first_line_of_an_active_node_says_what_it_uses_and_waits_for(start_node, tmp_path):
    node = start_node('scene_reloc_ros.ros.mapper.node', {'folder': str(tmp_path)})
    wait_for(lambda: 'active: ' in node.log.read_text())
    line = next(text for text in node.log.read_text().splitlines() if 'active: ' in text)
    for part in ('listens to ', '/image', '/camera_info', '/tf', '/mapper/start', '/mapper/train',
                 str(tmp_path), 'device auto', 'waits for ~/start'):
        assert part in line
    assert 'get_parameters' not in line
    waiting = start_node('scene_reloc_ros.ros.relocaliser.node', {'autostart': False})
    wait_for(lambda: 'ros2 lifecycle set /relocaliser configure' in waiting.log.read_text())
