# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``demo``: map, kidnap and relocalise over real topics."""
