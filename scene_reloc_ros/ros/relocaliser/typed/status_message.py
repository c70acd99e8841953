# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fields of ~/status as a RelocalisationStatus."""

from __future__ import annotations

import math
from typing import Any

from std_msgs.msg import Header

from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat.scene_reloc_messages import RelocalisationStatus

_COUNTS = ('inliers', 'cells', 'frames', 'accepted', 'received', 'dropped', 'lost', 'jumps')
_TEXTS = ('mode', 'reason', 'sentence', 'event', 'doubt', 'camera', 'map', 'solver', 'device')
_FIGURES = ('probability', 'latency_ms', 'delay_ms')


def status_message(fields: dict[str, Any], map_frame: str) -> RelocalisationStatus:
    """Message of the fields of ~/status; what is null there is empty or NaN here.

    Args:
        fields: of ~/status.
        map_frame: frame of the map.
    """
    return RelocalisationStatus(
        header=Header(frame_id=map_frame, stamp=stamp_message(fields['stamp_ns'] or 0)),
        phase=getattr(RelocalisationStatus, fields['tracking'].upper()),
        ready=fields['state'] == 'localised',
        **{name: fields[name] or '' for name in _TEXTS},
        **{name: fields[name] for name in _COUNTS},
        **{name: math.nan if fields[name] is None else fields[name] for name in _FIGURES})
