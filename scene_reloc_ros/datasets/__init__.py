# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 4: recordings, known data sets and the simulated room as posed images."""
