# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A launch_testing description: a node that crashes comes again, one that was stopped does not.

test_launch.py runs it; on its own: ``launch_test test/support/robots/respawned_node.py``.
"""

import os
from pathlib import Path
import signal
import time
import unittest

from launch.actions import IncludeLaunchDescription, TimerAction
from launch.launch_description_sources import PythonLaunchDescriptionSource
import launch_testing
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes

from launch import LaunchDescription

PLAYER = Path(__file__).resolve().parents[3] / 'launch' / 'dataset_player.launch.py'
NAMESPACE = f'respawned_{os.getpid()}'
LATER_S = 4.0  # more than the delay of a respawn
TIMEOUT_S, LONGEST_S = 60.0, 600.0


def generate_test_description():
    """Include the file of the player, with respawn."""
    return LaunchDescription([
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(PLAYER)),
            launch_arguments={'namespace': NAMESPACE, 'use_respawn': 'true'}.items()),
        TimerAction(period=LONGEST_S, actions=[]),  # the launch outlives the node
        ReadyToTest()])


def processes():
    """Return the ids of the processes of the node."""
    found = set()
    for file in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            text = file.read_bytes().decode(errors='replace')
        except OSError:  # it has ended
            continue
        if f'__ns:=/{NAMESPACE}' in text:
            found.add(int(file.parent.name))
    return found


class TestRespawn(unittest.TestCase):
    """What ends by itself is started again, what was ended is not."""

    def wait_for(self, condition, what):
        """Return the first true value of a condition."""
        until_s = time.monotonic() + TIMEOUT_S
        while not (value := condition()):
            self.assertLess(time.monotonic(), until_s, f'{what} did not come')
            time.sleep(0.05)
        return value

    def test_a_crash_is_mended_and_a_stop_is_respected(self, proc_output):
        """Kill the node, then interrupt the one that has followed it."""
        first = self.wait_for(processes, 'the node')
        proc_output.assertWaitFor('active: ', timeout=TIMEOUT_S)
        for process in first:
            os.kill(process, signal.SIGKILL)
        second = self.wait_for(lambda: processes() - first, 'another node')
        time.sleep(LATER_S)
        for process in second:
            os.kill(process, signal.SIGINT)
        self.wait_for(lambda: not processes(), 'the end of the node')
        time.sleep(LATER_S)
        self.assertEqual(processes(), set())


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    """The last end counts."""

    def test_the_node_ended_as_it_was_told(self, proc_info):
        """By the interrupt, in order."""
        assertExitCodes(proc_info, [0])
