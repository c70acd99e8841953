# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments as in Nav2, and a node with the values that were given.

An argument that is left empty changes nothing: the parameter file and the defaults hold.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.condition import Condition
from launch.substitutions import LaunchConfiguration, PythonExpression
from launch_ros.actions import LifecycleNode, Node

from launch import LaunchContext, LaunchDescription

PACKAGE = 'scene_reloc_ros'
COMMON = {
    'namespace': ('', 'namespace of all nodes'),
    'use_sim_time': ('false', 'take the time from /clock'),
    'autostart': ('true', 'configure and activate at the start'),
    'log_level': ('info', 'debug, info, warn, error or fatal'),
}
TOPICS = {
    'image_topic': ('', 'camera images; with image_transport compressed, without /compressed'),
    'camera_info_topic': ('', 'calibration of the camera'),
}
_REMAPPED = {'image_topic': ('image', 'image/compressed'), 'camera_info_topic': ('camera_info',),
             'depth_topic': ('depth', 'depth/compressed', 'depth/compressedDepth'),
             'odom_topic': ('odom',)}


def share(*parts: str) -> str:
    """Return a path below the share folder of the package."""
    return str(Path(get_package_share_directory(PACKAGE), *parts))


def node_description(name: str, parameters: dict[str, str],
                     topics: dict[str, tuple[str, str]]) -> LaunchDescription:
    """Return the LaunchDescription of one of the package's nodes.

    Args:
        name: of the node, and of its executable and its file in config/.
        parameters: {argument: description}; each is a parameter of the node too.
        topics: {argument: (default, description)}; each remaps a topic.
    """
    arguments = {
        **COMMON, 'params_file': (share('config', f'{name}.yaml'), 'parameters of the node'),
        **topics, **{argument: ('', text) for argument, text in parameters.items()}}
    declared = [DeclareLaunchArgument(argument, default_value=default, description=text)
                for argument, (default, text) in arguments.items()]
    return LaunchDescription([*declared, OpaqueFunction(
        function=_node, args=[name, tuple(parameters), tuple(topics)])])


def rviz_node(condition: Condition) -> Node:
    """Return rviz with the view of this package."""
    return Node(package='rviz2', executable='rviz2', condition=condition,
                namespace=LaunchConfiguration('namespace'),
                arguments=['-d', share('rviz', 'relocaliser.rviz')],
                parameters=[{'use_sim_time': _is_true(LaunchConfiguration('use_sim_time'))}])


def _node(context: LaunchContext, name: str, parameters: tuple[str, ...],
          topics: tuple[str, ...]) -> list[LifecycleNode]:
    """Make the node when the values of the arguments are known."""
    value = {argument: LaunchConfiguration(argument).perform(context)
             for argument in (*COMMON, 'params_file', *parameters, *topics)}
    given = {parameter: _typed(value[parameter]) for parameter in parameters if value[parameter]}
    given.update({flag: value[flag].lower() == 'true' for flag in ('use_sim_time', 'autostart')})
    remappings = [(topic, value[argument] + topic.removeprefix(_REMAPPED[argument][0]))
                  for argument in topics if value[argument] for topic in _REMAPPED[argument]]
    return [LifecycleNode(
        package=PACKAGE, executable=name, name=name, namespace=value['namespace'],
        parameters=[value['params_file'], given], remappings=remappings, output='screen',
        arguments=['--ros-args', '--log-level', value['log_level']])]


def _typed(text: str) -> str | bool:
    """Return a flag as bool; everything else stays a string."""
    return text.lower() == 'true' if text.lower() in ('true', 'false') else text


def _is_true(configuration: LaunchConfiguration) -> PythonExpression:
    return PythonExpression(["'", configuration, "'.lower() == 'true'"])
