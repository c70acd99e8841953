# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``relocaliser``: camera images in, the pose of the robot out."""
