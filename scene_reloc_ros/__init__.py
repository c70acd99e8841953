# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Relocalise a robot from one camera image by scene coordinate regression."""

__version__ = '0.1.0'
