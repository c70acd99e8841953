# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the relocaliser sees at one moment: one camera or a rig, and the moments before."""
