# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Methods that give pixels points of the map, of which RANSAC makes a pose."""
