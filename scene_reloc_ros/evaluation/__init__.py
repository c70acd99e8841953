# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 5: accuracy reports, plots and benchmarks against named peers."""
