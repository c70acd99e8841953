# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A launch_testing description: the three nodes from their launch files, looked at from outside.

test_launch.py runs it; on its own: ``launch_test test/support/launched_nodes.py``.
"""

from pathlib import Path
import unittest

from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
import launch_testing
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters

from launch import LaunchDescription
from support.bystander import Bystander

LAUNCH = Path(__file__).resolve().parents[2] / 'launch'
TIMEOUT_S = 90.0  # three nodes start at once
INCLUDED = {
    'relocaliser': {'map_frame': 'site', 'image_topic': '/cam/image'},
    'mapper': {'autostart': 'false', 'use_depth': 'true'},
    'dataset_player': {'sequence': 'simulated:return'},
}


def generate_test_description():
    """Include the launch files with arguments."""
    included = [
        GroupAction([IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(LAUNCH / f'{name}.launch.py')),
            launch_arguments={'namespace': 'robot1', **arguments}.items())])
        for name, arguments in INCLUDED.items()]
    return LaunchDescription([*included, ReadyToTest()])


class TestLaunchedNodes(unittest.TestCase):
    """The arguments reach the nodes."""

    @classmethod
    def setUpClass(cls):
        """Join the graph."""
        cls.bystander = Bystander()

    @classmethod
    def tearDownClass(cls):
        """Leave the graph."""
        cls.bystander.close()

    def value(self, node, name):
        """Return a parameter of a node."""
        response = self.bystander.call(
            GetParameters, f'/robot1/{node}/get_parameters', TIMEOUT_S, names=[name])
        return response.values[0]

    def state(self, node):
        """Return the name of the lifecycle state of a node."""
        return self.bystander.call(
            GetState, f'/robot1/{node}/get_state', TIMEOUT_S).current_state.label

    def test_autostart_activates_or_waits(self):
        """Nodes are active unless they are told to wait."""
        self.bystander.until(lambda: self.state('relocaliser') == 'active', 'activation')
        self.bystander.until(lambda: self.state('dataset_player') == 'active', 'activation')
        self.assertEqual(self.state('mapper'), 'unconfigured')

    def test_arguments_reach_the_parameters(self):
        """Given values replace those of the parameter file, others stay."""
        self.assertEqual(self.value('relocaliser', 'map_frame').string_value, 'site')
        self.assertEqual(self.value('relocaliser', 'odom_frame').string_value, 'odom')
        self.assertEqual(self.value('dataset_player', 'sequence').string_value,
                         'simulated:return')
        self.assertTrue(self.value('mapper', 'use_depth').bool_value)

    def test_the_camera_topic_is_remapped(self):
        """The relocaliser listens where the argument says."""
        node = self.bystander.node
        self.bystander.until(
            lambda: [i for i in node.get_subscriptions_info_by_topic('/cam/image')
                     if i.node_name == 'relocaliser'], 'the subscription')


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    """The nodes end as they should."""

    def test_all_nodes_end_with_code_zero(self, proc_info):
        """No node is killed or fails."""
        assertExitCodes(proc_info)
