# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A place for the newest item only, between a fast callback and a slow worker."""

import threading


class LatestSlot:
    """Holds at most one item; a newer one replaces it and is counted as a drop."""

    def __init__(self):
        """Start empty and open."""
        self._condition = threading.Condition()
        self._item = None
        self._closed = False
        self.received = 0
        self.dropped = 0

    def put(self, item):
        """Store ``item`` (not None), dropping the one that nobody took; never blocks."""
        with self._condition:
            self.received += 1
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._condition.notify()

    def take(self, timeout_s=None):
        """Return the newest item, or None when closed or after ``timeout_s``."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return None if self._closed else item

    def clear(self):
        """Forget the item that waits."""
        with self._condition:
            self._item = None

    @property
    def closed(self):
        """Tell whether ``close`` was called."""
        return self._closed

    def close(self):
        """Wake the taker for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
