# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Messages as a broken driver may send them, drawn by hypothesis: right, wrong, and garbage."""
