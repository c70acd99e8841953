# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 0: poses, rotations, cameras, the pixel grid and pose error."""
