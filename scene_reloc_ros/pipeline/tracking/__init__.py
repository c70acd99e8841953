# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Tracking over time: the gate against odometry, slew limits, what is lost and found again."""
