# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""scene_reloc_msgs where it is installed; None elsewhere, where the nodes do without."""

try:
    from scene_reloc_msgs.action import Relocalise
    from scene_reloc_msgs.msg import RelocalisationStatus
except ImportError:
    Relocalise = RelocalisationStatus = None

__all__ = ['RelocalisationStatus', 'Relocalise']
