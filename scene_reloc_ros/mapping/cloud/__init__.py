# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The scene points that a map keeps for people to look at: their colours, and fewer of them."""
