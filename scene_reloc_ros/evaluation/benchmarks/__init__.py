# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: measurements beside named peers in the same run."""
