# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reasons in status messages that are no rejections of an image."""

from __future__ import annotations

from scene_reloc_ros.uncertainty.rejection import Reason


class StatusReason(Reason):
    """Reasons of ~/status beside those of Rejection: the sentence for people, and the remedy."""

    ACCEPTED = ('A pose was found and is published.', 'Nothing.')
    NO_ODOMETRY = (
        'A pose was found, but odometry at the stamp of the image is not known.',
        'Publish the transform from odom_frame to base_frame, or set tf_mode to map_to_camera; '
        'raise tf_wait where it comes late.')
    NO_IMAGE = (
        'No image, or none with its depth, has come for image_timeout.',
        'Start the camera or remap its topics; the sentence tells QoS and clocks apart.')
    IMAGES_LOST = (
        'Many images that the camera took did not arrive.',
        'See "Images are lost" in troubleshooting.md: shared memory or larger buffers.')
    FRAME_FAILED = (
        'An image could not be handled for an error of the program; the next one is.',
        'Report the sentence, and the log at level debug.')
    WORKER_DIED = (
        'The thread that handles the images ended with an error.',
        'Deactivate and activate the node, and report its log.')
    MAP_UNLOADED = (
        'The parameter map was set to nothing: the map is unloaded.',
        'Set the parameter map, or call ~/load_map.')
    HINT_REFUSED = (
        'A pose on initialpose cannot be used as a hint.',
        'Give it in map_frame, as rviz does with map as its fixed frame.')
    MAP_LOADED = (
        'A map was loaded; the pose is forgotten, unless both maps are of one recording.',
        'Nothing.')
