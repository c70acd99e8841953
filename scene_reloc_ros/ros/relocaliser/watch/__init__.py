# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the relocaliser hears of tracking: flags, odometry on a topic or on /tf, diagnostics."""
