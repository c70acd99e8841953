# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 1: camera pose from scene coordinates: minimal solvers, RANSAC and refinement."""
