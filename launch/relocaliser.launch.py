# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Launch the relocaliser, with rviz if asked for."""

from scene_reloc_ros.ros.node.launch_description import node_description, rviz, TOPICS

PARAMETERS = {
    'map': 'scene map file',
    'map_ready_topic': 'topic of finished maps to follow, usually /mapper/map_ready',
    'map_frame': 'frame of the map', 'odom_frame': 'frame of the odometry',
    'base_frame': 'frame of the robot', 'camera_frame': 'optical frame of the camera',
    'image_transport': 'raw or compressed',
    'use_depth': 'true to use depth too',
    'tf_mode': 'map_to_odom or map_to_camera',
    'mode': 'continuous, on_loss or on_request',
    'publish_tf': 'false where another node publishes map to odom',
}


def generate_launch_description():
    """Return the description."""
    description = node_description('relocaliser', PARAMETERS, {
        **TOPICS, 'depth_topic': ('', 'depth images, registered to the camera'),
        'odom_topic': ('', 'odometry that is watched for signs of a loss'),
        'initialpose_topic': ('', 'where ~/initialpose goes, such as /initialpose of AMCL')})
    for action in rviz():
        description.add_action(action)
    return description
