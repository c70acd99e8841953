# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Several maps at once: which of them an image shows, and when the one in use changes."""
