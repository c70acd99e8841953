# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 6: the ROS 2 nodes; the only place that imports rclpy."""
