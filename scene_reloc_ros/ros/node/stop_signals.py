# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM from the first line of a process to its last; it imports nothing slow.

``ros2 launch`` and a terminal both send a signal more than once, at any time, and take any exit
code but 0 for a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
import select
import signal
import threading
from types import FrameType
from typing import Optional

GRACE_S = 1.8  # from the first signal on; what has not ended by itself by then is ended
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """What the signals of a process have asked for; nothing in it waits for a lock."""

    def __init__(self) -> None:
        """Leave the signals as they are; ``install`` takes them."""
        self.requested = False  # to stop
        self._importing, self._interruptible = True, False
        self._woken, self._wake = os.pipe()

    def install(self) -> None:
        """Take the signals: from now on the process ends with exit code 0."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def watch(self) -> None:
        """End in order from now on; until this is called there is nothing to put in order."""
        threading.Thread(target=self._end_late, name='stop', daemon=True).start()
        self._importing = False

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Context of long work in the main thread: a signal leaves it by KeyboardInterrupt."""
        self._interruptible = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._interruptible = False

    def ignore(self) -> None:
        """Let signals do nothing more, for Python gives them back as it ends."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _on_signal(self, number: int, frame: Optional[FrameType]) -> None:
        if self._importing:
            os._exit(0)
        self.requested = True
        os.write(self._wake, b'.')
        if self._interruptible:
            self._interruptible = False
            raise KeyboardInterrupt

    def _end_late(self) -> None:
        os.read(self._woken, 1)
        select.select([], [], [], GRACE_S)
        os._exit(0)
