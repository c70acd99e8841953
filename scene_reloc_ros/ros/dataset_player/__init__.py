# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``dataset_player``: a data set as camera, depth, odometry and tf topics."""
