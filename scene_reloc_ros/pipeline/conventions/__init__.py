# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Conventions of a recording: whether its poses, camera, depth and clock fit its pictures."""
