# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A drive in which the robot is lost in every way, kidnapped, and found again."""
