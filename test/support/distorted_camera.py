# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A small camera with a lens that bends lines, off centre in everything."""

from scene_reloc_ros.geometry.camera import Camera

CAMERA = Camera(160, 120, 130, 128, 80.3, 59.1, 'plumb_bob', (0.1, -0.05, 0.001, 0.0, 0.0))
