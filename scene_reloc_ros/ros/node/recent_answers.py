# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Answers to the images of the last minute: how many for each reason, and how long they took."""

from __future__ import annotations

from collections import Counter, deque
import threading
import time
from typing import Any, Optional

import numpy as np

_WINDOW_S = 60.0
_MOST = 12_000  # answers that are kept: a minute at 200 Hz, count


class RecentAnswers:
    """Counts answers; safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without an answer."""
        self._lock = threading.Lock()
        self._answers: deque[tuple[float, str, Optional[float]]] = deque(maxlen=_MOST)

    def take(self, reason: str, latency_ms: Optional[float] = None) -> None:
        """Count an answer that comes now.

        Args:
            reason: its code.
            latency_ms: time of the query, None where there was none.
        """
        with self._lock:
            self._answers.append((time.monotonic(), reason, latency_ms))

    def fields(self) -> dict[str, Any]:
        """Return what /diagnostics says of them; percentiles are None without a query."""
        answers = self._of_the_last_minute()
        latencies = [latency for _, _, latency in answers if latency is not None]
        p50, p95 = np.percentile(latencies, (50, 95)) if latencies else (None, None)
        return {'minute_images': len(answers),
                'minute_reasons': dict(Counter(reason for _, reason, _ in answers)),
                'latency_ms_p50': None if p50 is None else round(float(p50), 2),
                'latency_ms_p95': None if p95 is None else round(float(p95), 2)}

    def _of_the_last_minute(self) -> list[tuple[float, str, Optional[float]]]:
        oldest_s = time.monotonic() - _WINDOW_S
        with self._lock:
            while self._answers and self._answers[0][0] < oldest_s:
                self._answers.popleft()
            return list(self._answers)
