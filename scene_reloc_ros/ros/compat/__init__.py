# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The small part of ROS packages that the nodes need where no ROS 2 installation brings them.

Names and signatures are those of the upstream packages; `upstream` chooses.
"""
