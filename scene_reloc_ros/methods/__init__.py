# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 4: localisation methods: from posed frames to the content of a map, and back to poses."""
