# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The nodes of the demonstration: what drives it and what watches it."""
