# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The thread between a fast callback and the slow core, and the slot that holds its next item.

So a callback never waits for the network, and the network always gets the newest image.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import threading
from typing import Any, Optional

from scene_reloc_ros.ros.node.threads import guarded_thread


class LatestSlot:
    """Holds at most one item; a newer one replaces it and is counted as a drop."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._condition = threading.Condition()
        self._item: Any = None
        self._closed = False
        self.received = 0
        self.dropped = 0

    def put(self, item: Any) -> None:
        """Store ``item`` (not None), dropping the one that nobody took; never blocks."""
        with self._condition:
            self.received += 1
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._condition.notify()

    def pass_by(self) -> None:
        """Count an item that nobody wants."""
        with self._condition:
            self.received += 1

    def take(self, timeout_s: Optional[float] = None) -> Any:
        """Return the newest item, or None when closed or after ``timeout_s``."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return None if self._closed else item

    def clear(self) -> None:
        """Forget the item that waits."""
        with self._condition:
            self._item = None

    @property
    def closed(self) -> bool:
        """Tell whether ``close`` was called."""
        return self._closed

    def close(self) -> None:
        """Wake the taker for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Worker:
    """Calls ``handle(item)`` for the newest item of a slot until it is stopped.

    An item that fails costs that item only: what failed is told, and the next one is taken.
    """

    def __init__(self, slot: LatestSlot, handle: Callable[[Any], None], name: str,
                 failed: Callable[[Any, Exception], None]) -> None:
        """Prepare; ``start`` begins.

        Args:
            slot: it is closed by ``stop``.
            handle: called in the thread of the worker.
            name: of the thread.
            failed: called there with the item and the exception that ``handle`` raised.
        """
        self._slot = slot
        self._handle, self._failed = handle, failed
        self._thread = guarded_thread(self._run, name)

    def start(self) -> None:
        """Begin to work; once only."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Close the slot and wait until the item in work is done."""
        self._slot.close()
        if self.alive:
            self._thread.join()

    def _run(self) -> None:
        while not self._slot.closed:
            item = self._slot.take()
            if item is None:
                continue
            try:
                self._handle(item)
            except Exception as error:  # noqa: BLE001  # whatever a library may think of
                with suppress(Exception):  # it cannot be told; the next item may be
                    self._failed(item, error)
