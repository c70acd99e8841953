# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Scene coordinate regression forests (Shotton et al., CVPR 2013)."""
