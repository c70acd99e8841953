# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Launch player, mapper and relocaliser together, with rviz if asked for."""

from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PythonExpression

from launch import LaunchDescription
from scene_reloc_ros.ros.node.launch_description import COMMON, share

OWN = {
    'use_namespace': ('true', 'false: no namespace, whatever namespace says'),
    'params_file': ('', 'parameters of all nodes; empty: the files in config/'),
    'sequence': ('simulated:survey', 'folder of a data set, or simulated:survey'),
    'map': ('', 'scene map file to begin with'),
    'rviz': ('false', 'start rviz too'),
}
FIXED = {
    'dataset_player': {'publish_map_to_odom': 'true', 'pace_topic': 'mapper/status'},
    'mapper': {},
    'relocaliser': {'map_ready_topic': 'mapper/map_ready'},
}
PASSED = {'dataset_player': ('sequence',), 'mapper': (), 'relocaliser': ('map', 'rviz')}


def generate_launch_description():
    """Return the description."""
    declared = [DeclareLaunchArgument(name, default_value=default, description=text)
                for name, (default, text) in {**COMMON, **OWN}.items()]
    return LaunchDescription([*declared, *(_included(name) for name in FIXED)])


def _included(name):
    """Include the launch file of one node with its arguments."""
    passed = {argument: LaunchConfiguration(argument)
              for argument in (*COMMON, 'params_file', *PASSED[name])}
    passed['namespace'] = PythonExpression([
        "'", LaunchConfiguration('namespace'), "' if '", LaunchConfiguration('use_namespace'),
        "'.lower() == 'true' else ''"])
    source = PythonLaunchDescriptionSource(share('launch', f'{name}.launch.py'))
    return GroupAction([IncludeLaunchDescription(
        source, launch_arguments={**passed, **FIXED[name]}.items())])
