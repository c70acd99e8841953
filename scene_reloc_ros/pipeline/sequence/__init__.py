# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Several views as one problem: cameras of a rig, or the last seconds joined by odometry."""
