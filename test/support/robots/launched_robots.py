# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A launch_testing description: two robots on one machine, each from the bringup file.

test_launch.py runs it; on its own: ``launch_test test/support/robots/launched_robots.py``.
"""

from pathlib import Path
import unittest

from diagnostic_msgs.msg import DiagnosticArray
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
import launch_testing
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from launch import LaunchDescription
from support.bystander import Bystander

BRINGUP = Path(__file__).resolve().parents[3] / 'launch' / 'bringup.launch.py'
PARAMETERS = Path(__file__).with_name('two_robots.yaml')  # as of Nav2: one file, bare names
ROBOTS = ('robot1', 'robot2')
NODES = {'relocaliser': 'localisation', 'mapper': 'mapping', 'dataset_player': 'playback'}
TIMEOUT_S = 180.0  # six nodes start at once


def generate_test_description():
    """Include the file twice."""
    included = [
        GroupAction([IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(BRINGUP)),
            launch_arguments={'namespace': robot, 'params_file': str(PARAMETERS),
                              'sequence': 'simulated:return'}.items())])
        for robot in ROBOTS]
    return LaunchDescription([*included, ReadyToTest()])


class TestTwoRobots(unittest.TestCase):
    """Nothing of one reaches the other."""

    @classmethod
    def setUpClass(cls):
        """Join the graph."""
        cls.bystander = Bystander()

    @classmethod
    def tearDownClass(cls):
        """Leave the graph."""
        cls.bystander.close()

    def active(self, robot, node):
        """Tell whether a node is active."""
        return self.bystander.call(
            GetState, f'/{robot}/{node}/get_state', TIMEOUT_S).current_state.label == 'active'

    def test_1_all_nodes_of_both_come_up(self):
        """Six nodes are active."""
        for robot in ROBOTS:
            for node in NODES:
                self.bystander.until(lambda robot=robot, node=node: self.active(robot, node),
                                     f'activation of {node} of {robot}', TIMEOUT_S)

    def test_2_the_parameters_of_a_bare_name_reach_the_nodes_in_their_namespaces(self):
        """One file serves both, as Nav2's does."""
        for robot in ROBOTS:
            for node, expected in (('relocaliser', 'site'), ('mapper', 'map')):
                found = self.bystander.call(GetParameters, f'/{robot}/{node}/get_parameters',
                                            names=['map_frame'])
                self.assertEqual(found.values[0].string_value, expected)

    def test_3_diagnostics_name_the_robot(self):
        """Both send to one topic, under names that differ."""
        arrays = self.bystander.listen(DiagnosticArray, '/diagnostics')
        expected = {f'{robot}/{node}: {task}' for robot in ROBOTS for node, task in NODES.items()}
        self.bystander.until(
            lambda: expected <= {status.name for array in arrays for status in array.status},
            f'diagnostics of {sorted(expected)}', TIMEOUT_S)

    def test_4_each_has_a_tree_of_transforms_of_its_own(self):
        """What one plays is on its own topics only."""
        heard = {topic: self.bystander.listen(TFMessage, topic)
                 for topic in ('/tf', '/robot1/tf', '/robot2/tf')}
        played = self.bystander.call(Trigger, '/robot1/dataset_player/play')
        self.assertTrue(played.success, played.message)
        self.bystander.until(lambda: len(heard['/robot1/tf']) > 5, 'transforms of robot1',
                             TIMEOUT_S)
        self.assertEqual(self.bystander.node.count_publishers('/tf'), 0)
        self.assertEqual((heard['/tf'], heard['/robot2/tf']), ([], []))


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    """The nodes end as they should."""

    def test_all_nodes_end_with_code_zero(self, proc_info):
        """No node is killed or fails."""
        assertExitCodes(proc_info)
