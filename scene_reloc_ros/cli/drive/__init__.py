# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``drive``: lose a robot in every way, and see whether it is found again."""
