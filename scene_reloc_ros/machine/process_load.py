# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What this process takes of the machine: processor time and memory."""

from __future__ import annotations

import os
from pathlib import Path
import resource
import time

_STATM = Path('/proc/self/statm')
_MEGABYTE = 1e6
_KIBIBYTE = 1024  # the unit of ru_maxrss on Linux, bytes


class ProcessLoad:
    """Measures the load since it was asked last."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._wall_s, self._busy_s = time.monotonic(), time.process_time()

    def fields(self) -> dict[str, float]:
        """Return cpu_percent, of one core over all threads, and memory_mb that is resident."""
        wall_s, busy_s = time.monotonic(), time.process_time()
        passed_s = max(wall_s - self._wall_s, 1e-9)
        share = (busy_s - self._busy_s) / passed_s
        self._wall_s, self._busy_s = wall_s, busy_s
        return {'cpu_percent': round(100 * share, 1),
                'memory_mb': round(resident_bytes() / _MEGABYTE, 1)}


def resident_bytes() -> int:
    """Return the memory that this process has in use; without /proc: the most that it ever had."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTE
    return pages * os.sysconf('SC_PAGE_SIZE')
