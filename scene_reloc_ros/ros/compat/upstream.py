# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Chooses: the ROS package where an installation has it and it works, else our small part."""

from __future__ import annotations

import cv2
import numpy as np

try:
    from tf2_ros import (
        Buffer,
        StaticTransformBroadcaster,
        TransformBroadcaster,
        TransformException,
        TransformListener,
    )
except ImportError:
    from scene_reloc_ros.ros.compat.tf2_ros import (
        Buffer,
        StaticTransformBroadcaster,
        TransformBroadcaster,
        TransformException,
        TransformListener,
    )

try:
    from message_filters import ApproximateTimeSynchronizer, Subscriber
except ImportError:
    from scene_reloc_ros.ros.compat.message_filters import (
        ApproximateTimeSynchronizer,
        Subscriber,
    )

try:
    from diagnostic_updater import Updater
except ImportError:
    from scene_reloc_ros.ros.compat.diagnostic_updater import Updater

try:
    from sensor_msgs_py.point_cloud2 import create_cloud, create_cloud_xyz32
except ImportError:
    from scene_reloc_ros.ros.compat.point_cloud2 import create_cloud, create_cloud_xyz32

# Its transforms3d breaks with a newer NumPy: old releases look for names that are gone
try:
    from tf_transformations import quaternion_from_matrix, quaternion_matrix
except (ImportError, AttributeError):
    from scene_reloc_ros.ros.compat.tf_transformations import (
        quaternion_from_matrix,
        quaternion_matrix,
    )


def _major(version: str) -> int:
    return int(version.split('.', maxsplit=1)[0])


# cv_bridge itself breaks with OpenCV 5 (type constants) and NumPy 2 (big-endian images)
try:
    if _major(cv2.__version__) >= 5 or _major(np.__version__) >= 2:
        raise ImportError('this cv_bridge cannot work with this OpenCV or NumPy')
    from cv_bridge import CvBridge, CvBridgeError
except ImportError:
    from scene_reloc_ros.ros.compat.cv_bridge import CvBridge, CvBridgeError

__all__ = ['ApproximateTimeSynchronizer', 'Buffer', 'CvBridge', 'CvBridgeError',
           'StaticTransformBroadcaster', 'Subscriber', 'TransformBroadcaster',
           'TransformException', 'TransformListener', 'Updater', 'create_cloud',
           'create_cloud_xyz32', 'quaternion_from_matrix', 'quaternion_matrix']
