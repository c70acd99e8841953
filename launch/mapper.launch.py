# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Launch the mapper."""

from scene_reloc_ros.ros.node.launch_description import node_description, TOPICS

PARAMETERS = {
    'folder': 'folder of recordings and maps',
    'pose_source': 'tf, odom or pose',
    'map_frame': 'frame of the map', 'base_frame': 'frame of the robot',
    'camera_frame': 'optical frame of the camera',
    'image_transport': 'raw or compressed',
    'use_depth': 'true to record depth too',
    'preset': 'fast, standard or best',
}
MORE_TOPICS = {
    'depth_topic': ('', 'depth images, registered to the camera'),
    'odom_topic': ('', 'odometry in the map, for pose_source odom'),
}


def generate_launch_description():
    """Return the description."""
    return node_description('mapper', PARAMETERS, {**TOPICS, **MORE_TOPICS})
