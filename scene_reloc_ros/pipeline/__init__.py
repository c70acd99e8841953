# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 3: the facades, Mapper and Localiser, which read like the paper."""
