# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments as in Nav2, and a node with the values that were given.

An argument that is left empty changes nothing: the parameter file and the defaults hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
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

_FAST_DDS = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')  # of 2, of 3
_CYCLONE = 'CYCLONEDDS_URI'


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


def transport_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which images arrive whole, for the middlewares in use.

    At their defaults best-effort images are lost between processes: the segment of shared memory
    of Fast DDS holds half of one, and the socket buffers that Cyclone asks for not much more.

    Args:
        given: environment of the launch; what the user has set for a middleware is left alone.
    """
    environment = {}
    if not any(name in given for name in (*_FAST_DDS, 'FASTDDS_BUILTIN_TRANSPORTS')):
        environment.update(dict.fromkeys(_FAST_DDS, share('config', 'fastdds_shared_memory.xml')))
    if _CYCLONE not in given:
        environment[_CYCLONE] = f'file://{share("config", "cyclonedds_large_images.xml")}'
    return environment


def rviz() -> list[DeclareLaunchArgument | OpaqueFunction]:
    """Return the argument rviz, and rviz with the view of this package where it asks for it."""
    return [DeclareLaunchArgument('rviz', default_value='false', description='start rviz too'),
            OpaqueFunction(function=_rviz)]


def _rviz(context: LaunchContext) -> list[Node]:
    """Make rviz; where it is not installed, say so and let the rest run."""
    if LaunchConfiguration('rviz').perform(context).lower() != 'true':
        return []
    try:
        program = Path(get_package_prefix('rviz2'), 'lib', 'rviz2', 'rviz2')
    except LookupError:
        program = None
    if program is None or not program.exists():
        get_logger('scene_reloc_ros').warning(
            'rviz:=true, but rviz2 is not installed here; the nodes run without it (install '
            'ros-$ROS_DISTRO-rviz2, or leave rviz out)')
        return []
    use_sim_time = LaunchConfiguration('use_sim_time').perform(context).lower() == 'true'
    return [Node(package='rviz2', executable='rviz2',
                 namespace=LaunchConfiguration('namespace'),
                 arguments=['-d', share('rviz', 'relocalisation.rviz')],
                 parameters=[{'use_sim_time': use_sim_time}])]


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
        arguments=['--ros-args', '--log-level', value['log_level']],
        additional_env=transport_environment(context.environment))]


def _typed(text: str) -> str | bool:
    """Return a flag as bool; everything else stays a string."""
    return text.lower() == 'true' if text.lower() in ('true', 'false') else text
