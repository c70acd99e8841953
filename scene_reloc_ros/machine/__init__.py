# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 0: the machine that all of it runs on, which others use too."""
