# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""create_cloud and create_cloud_xyz32 with the signatures of sensor_msgs_py.point_cloud2."""

from __future__ import annotations

import sys

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

_TYPES: dict[int, np.dtype] = {
    PointField.FLOAT32: np.dtype(np.float32), PointField.FLOAT64: np.dtype(np.float64)}


def create_cloud(header: Header, fields: list[PointField], points: np.ndarray) -> PointCloud2:
    """Return a PointCloud2 of points whose F fields lie side by side.

    Args:
        header: of the message.
        fields: their names and types.
        points: (N, F) where they are of one type, or (N,) of a structured type with these fields.
    """
    if points.dtype.names is None:
        points = np.ascontiguousarray(points, _TYPES[fields[0].datatype]).reshape(-1, len(fields))
    size = sum(_TYPES[field.datatype].itemsize for field in fields)
    cloud = PointCloud2(
        header=header, height=1, width=len(points), is_dense=False,
        is_bigendian=sys.byteorder == 'big', point_step=size, row_step=size * len(points),
        fields=fields)
    cloud.data.frombytes(points.tobytes())
    return cloud


def create_cloud_xyz32(header: Header, points: np.ndarray) -> PointCloud2:
    """Return a PointCloud2 of points (N, 3) in metres."""
    return create_cloud(header, [
        PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
        for index, name in enumerate('xyz')], points)
