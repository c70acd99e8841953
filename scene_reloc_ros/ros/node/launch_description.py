# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments as in Nav2, and a node with the values that were given.

An argument that is left empty changes nothing: the parameter file and the defaults hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import re
from typing import Any

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events import matches_action
from launch.events.process import ProcessExited, ShutdownProcess
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
import yaml

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

PACKAGE = 'scene_reloc_ros'
COMMON = {
    'namespace': ('', 'namespace of all nodes'),
    'use_sim_time': ('false', 'take the time from /clock'),
    'autostart': ('true', 'configure and activate at the start'),
    'log_level': ('info', 'debug, info, warn, error or fatal'),
    'tf_in_namespace': ('true', 'tf and tf_static of the namespace, as Nav2 has them; false: '
                        '/tf and /tf_static of all robots'),
    'use_respawn': ('false', 'start a node that has crashed again, after 2 s'),
}
TOPICS = {
    'image_topic': ('', 'camera images; with image_transport compressed, without /compressed'),
    'camera_info_topic': ('', 'calibration of the camera'),
}
_REMAPPED = {'image_topic': ('image', 'image/compressed'), 'camera_info_topic': ('camera_info',),
             'depth_topic': ('depth', 'depth/compressed', 'depth/compressedDepth'),
             'odom_topic': ('odom',), 'initialpose_topic': ('~/initialpose',)}
_RESPAWN_S = 2.0
_REFUSED = 2  # exit code of a node that cannot use its arguments: it would refuse them again

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
    if not _is_true(LaunchConfiguration('rviz').perform(context)):
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
    value = {name: LaunchConfiguration(name).perform(context)
             for name in ('use_sim_time', 'namespace', 'tf_in_namespace')}
    view = share('rviz', 'relocalisation.rviz')
    return [Node(package='rviz2', executable='rviz2', namespace=value['namespace'],
                 remappings=[*_shown_topics(view), *_transforms(value)],
                 arguments=['-d', view],
                 parameters=[{'use_sim_time': _is_true(value['use_sim_time'])}])]


def _node(context: LaunchContext, name: str, parameters: tuple[str, ...],
          topics: tuple[str, ...]) -> list[LaunchDescriptionEntity]:
    """Make the node when the values of the arguments are known."""
    value = {argument: LaunchConfiguration(argument).perform(context)
             for argument in (*COMMON, 'params_file', *parameters, *topics)}
    given = {parameter: _typed(value[parameter]) for parameter in parameters if value[parameter]}
    given.update({flag: _is_true(value[flag]) for flag in ('use_sim_time', 'autostart')})
    remappings = [(topic, value[argument] + topic.removeprefix(_REMAPPED[argument][0]))
                  for argument in topics if value[argument] for topic in _REMAPPED[argument]]
    file = Path(value['params_file'] or share('config', f'{name}.yaml'))
    respawn = _is_true(value['use_respawn'])
    node = LifecycleNode(
        package=PACKAGE, executable=name, name=name, namespace=value['namespace'],
        parameters=[str(file), *_of_bare_name(file, name, value['namespace']), given],
        remappings=[*remappings, *_transforms(value)], output='screen',
        arguments=['--ros-args', '--log-level', value['log_level']],
        additional_env=transport_environment(context.environment),
        respawn=respawn, respawn_delay=_RESPAWN_S)
    return [node, _not_after_refusal(node, name)] if respawn else [node]


def _shown_topics(view: str) -> list[tuple[str, str]]:
    """Return the topics of a view of rviz, with their names in the namespace."""
    topics = re.findall(r'^ +Value: (/\S+)$', Path(view).read_text('utf-8'), re.M)
    return [(topic, topic.removeprefix('/')) for topic in topics]


def _transforms(value: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what Nav2 remaps of the transforms, so that each robot has a tree of its own."""
    if not _is_true(value['tf_in_namespace']):
        return []
    return [('/tf', 'tf'), ('/tf_static', 'tf_static')]


def _of_bare_name(file: Path, name: str, namespace: str) -> list[dict[str, Any]]:
    """Return what a parameter file has for a node by its bare name, for a node in a namespace.

    ROS compares full names, and would pass it over; Nav2 takes the same file for every robot.
    RuntimeError where the file cannot be read: ROS would go on with the defaults.
    """
    try:
        content = yaml.safe_load(file.read_text('utf-8')) or {}
        if not isinstance(content, dict):
            raise TypeError('it has no names of nodes')
        sections = [content[key]['ros__parameters'] for key in (name, f'/{name}')
                    if key in content]
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise RuntimeError(f'params_file {file} cannot be read ({error}); give a file of ROS 2 '
                           'parameters, or leave it out for the defaults') from error
    return sections if namespace.strip('/') else []


def _not_after_refusal(node: LifecycleNode, name: str) -> RegisterEventHandler:
    """Keep a node that was stopped, or that refuses its arguments, from being started again."""
    def on_exit(event: ProcessExited, _: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Answer the end of its process."""
        if event.returncode not in (0, _REFUSED):
            return []
        why = 'refuses its arguments' if event.returncode else 'was stopped'
        return [LogInfo(msg=f'{name} {why}: it is not started again'),
                EmitEvent(event=ShutdownProcess(process_matcher=matches_action(node)))]
    return RegisterEventHandler(OnProcessExit(target_action=node, on_exit=on_exit))


def _is_true(text: str) -> bool:
    return text.lower() == 'true'


def _typed(text: str) -> str | bool:
    """Return a flag as bool; everything else stays a string."""
    return text.lower() == 'true' if text.lower() in ('true', 'false') else text
