# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Floor 6: the scene_reloc command line; the only place that prints."""

from scene_reloc_ros.machine.threads import share_cores

share_cores()  # here, for whatever is imported next imports torch
