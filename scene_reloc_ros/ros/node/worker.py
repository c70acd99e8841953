# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The thread between a slot and the core, so that a callback never waits for the network."""

import threading


class Worker:
    """Calls ``handle(item)`` for the newest item of a slot until it is stopped."""

    def __init__(self, slot, handle, name):
        """Start at once.

        Args:
            slot: a LatestSlot; it is closed by ``stop``.
            handle: called in the thread of the worker; answers its own failures.
            name: of the thread.
        """
        self._slot = slot
        self._handle = handle
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self):
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self):
        """Close the slot and wait until the item in work is done."""
        self._slot.close()
        self._thread.join()

    def _run(self):
        while not self._slot.closed:
            item = self._slot.take()
            if item is not None:
                self._handle(item)
