# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A furnished, textured room of our own making with exact depth and poses."""
