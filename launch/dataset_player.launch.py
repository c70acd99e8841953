# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Launch the dataset player."""

from scene_reloc_ros.ros.node.launch_description import node_description, TOPICS

PARAMETERS = {
    'sequence': 'folder of a data set, or simulated:survey',
    'frames': 'file with one frame name a line',
    'play_on_start': 'true to play at once',
    'publish_map_to_odom': 'true to play the part of SLAM',
    'pace_topic': 'status topic of a node to wait for, such as /relocaliser/status',
}


def generate_launch_description():
    """Return the description."""
    return node_description(
        'dataset_player', PARAMETERS,
        {**TOPICS, 'depth_topic': ('', 'depth images'), 'odom_topic': ('', 'odometry')})
