# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Files that are written: tried before the work, whole or not there, never lost after it."""
