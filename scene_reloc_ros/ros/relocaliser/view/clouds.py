# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Scene points as PointCloud2."""

from __future__ import annotations

from typing import Optional

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from scene_reloc_ros.mapping.cloud.colours import UNKNOWN
from scene_reloc_ros.mapping.cloud.voxels import voxelised
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.ros.compat.upstream import create_cloud, create_cloud_xyz32

_FAR_M = 4096.0  # farther from the origin single precision is coarser than half a millimetre


def cloud_of(header: Header, points: np.ndarray,
             colours: Optional[np.ndarray] = None) -> PointCloud2:
    """Return a cloud of points (N, 3), metres: in double precision where single is too coarse.

    RViz shows the first kind only; of the second it could not tell neighbours apart anyway.

    Args:
        header: of the message.
        points: (N, 3) in its frame, metres.
        colours: (N, 3) uint8 red, green, blue: the field ``rgb``, packed as PCL does.
    """
    points = np.asarray(points, np.float64).reshape(-1, 3)
    far = len(points) > 0 and np.abs(points).max() >= _FAR_M
    if colours is None and not far:
        return create_cloud_xyz32(header, points)
    kind = PointField.FLOAT64 if far else PointField.FLOAT32
    number = np.float64 if far else np.float32
    size = np.dtype(number).itemsize
    fields = [PointField(name=name, offset=size * index, datatype=kind, count=1)
              for index, name in enumerate('xyz')]
    if colours is None:
        return create_cloud(header, fields, points)
    fields.append(PointField(name='rgb', offset=3 * size, datatype=PointField.FLOAT32, count=1))
    content = np.zeros(len(points), [*((name, number) for name in 'xyz'), ('rgb', np.float32)])
    for name, column in zip('xyz', points.T):
        content[name] = column
    red, green, blue = np.asarray(colours).astype(np.uint32).T
    content['rgb'] = (red << 16 | green << 8 | blue).view(np.float32)
    return create_cloud(header, fields, content)


def scene_cloud(header: Header, scene_map: Optional[SceneMap], most: int) -> PointCloud2:
    """Return the scene points of a map in the map frame, of none an empty cloud.

    Args:
        header: of the message.
        scene_map: an older one has no colours: its points are grey.
        most: points of the cloud; where there are more, those of a voxel become one.
    """
    if scene_map is None:
        return cloud_of(header, np.zeros((0, 3)), np.zeros((0, 3), np.uint8))
    points = scene_map.points.numpy()
    colours = (np.full(points.shape, UNKNOWN, np.uint8) if scene_map.colours is None
               else scene_map.colours.numpy())
    return cloud_of(header, *voxelised(points, colours, most))
