# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Between ROS messages and the core: images, cameras, transforms."""
