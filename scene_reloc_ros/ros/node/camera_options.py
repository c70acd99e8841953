# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parameters that the nodes with a camera share: topics, frames, depth and waiting times."""

from __future__ import annotations

from dataclasses import dataclass
import math

from scene_reloc_ros.geometry.depth import DepthRange
from scene_reloc_ros.ros.node.parameter_fields import parameter, refuse_invalid


@dataclass(frozen=True)
class CameraParameters:
    """Every field is a ROS parameter of ``relocaliser`` and ``mapper``."""

    autostart: bool = parameter(
        True, 'Configure and activate by itself when started.', read_only=True)
    map_frame: str = parameter('map', 'Frame that the scene map is expressed in.')
    base_frame: str = parameter('base_link', 'Frame of the robot.')
    camera_frame: str = parameter(
        '', 'Optical frame of the camera; empty: as in the header of the image.')
    image_transport: str = parameter(
        'raw', 'Subscribe to image (raw) or image/compressed (compressed).',
        choices=('raw', 'compressed'), read_only=True)
    use_depth: bool = parameter(
        False, 'Take the topic depth (16UC1 mm or 32FC1 m, registered to the image) too.',
        read_only=True)
    depth_transport: str = parameter(
        'raw', 'Subscribe to depth (raw), depth/compressed or depth/compressedDepth.',
        choices=('raw', 'compressed', 'compressedDepth'), read_only=True)
    depth_nearest: float = parameter(
        0.0, 'Nearest depth that the sensor is stated to measure; nearer ones are unknown.',
        unit='m', limits=(0.0, 1000.0))
    depth_farthest: float = parameter(
        0.0, 'Farthest depth that the sensor is stated to measure; farther ones are unknown. 0: '
        'any.', unit='m', limits=(0.0, 1000.0))
    rectified: bool = parameter(
        False, 'The images are rectified, although camera_info still carries D: use P and no '
        'distortion.', read_only=True)
    depth_slop: float = parameter(
        0.02, 'Largest difference between the stamps of an image and its depth.', unit='s',
        limits=(0.0, 0.5), read_only=True)
    tf_wait: float = parameter(
        0.2, 'How long a transform at the stamp of an image is waited for.', unit='s',
        limits=(0.0, 5.0))
    device: str = parameter('auto', 'Where the network runs.', choices=('auto', 'cpu', 'cuda'))
    seed: int = parameter(0, 'Seed of everything random.', limits=(0, 2 ** 31 - 1))
    image_timeout: float = parameter(
        5.0, 'Time without an image after which ~/status names what to do.', unit='s',
        limits=(0.5, 60.0))

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        refuse_invalid(self)
        if 0 < self.depth_farthest <= self.depth_nearest:
            raise ValueError(f'depth_nearest is {self.depth_nearest} m, depth_farthest '
                             f'{self.depth_farthest} m; expected the nearer one first, or 0 for '
                             'any')

    @property
    def depth_range(self) -> DepthRange:
        """Return the range that the depth sensor is stated to have."""
        return DepthRange(self.depth_nearest, self.depth_farthest or math.inf)
