# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 1: local descriptors: matching, grids of cells, summaries of images, short codes."""
