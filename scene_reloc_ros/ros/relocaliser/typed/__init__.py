# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the relocaliser offers in the types of scene_reloc_msgs, where that is installed."""
