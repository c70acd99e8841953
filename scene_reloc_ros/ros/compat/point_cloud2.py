# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""create_cloud_xyz32 with the signature of sensor_msgs_py.point_cloud2."""

from __future__ import annotations

import sys

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

_POINT_BYTES = 12


def create_cloud_xyz32(header: Header, points: np.ndarray) -> PointCloud2:
    """Return a PointCloud2 of points (N, 3) in metres."""
    points = np.ascontiguousarray(points, np.float32).reshape(-1, 3)
    cloud = PointCloud2(
        header=header, height=1, width=len(points), is_dense=False,
        is_bigendian=sys.byteorder == 'big', point_step=_POINT_BYTES,
        row_step=_POINT_BYTES * len(points),
        fields=[PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
                for index, name in enumerate('xyz')])
    cloud.data.frombytes(points.tobytes())
    return cloud
