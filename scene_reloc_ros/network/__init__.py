# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 1: the frozen encoder, the per-map head and their weights."""
