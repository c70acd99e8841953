# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What people look at: scene, camera, the way it took, its picture with the points."""
