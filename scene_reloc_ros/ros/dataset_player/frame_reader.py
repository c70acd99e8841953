# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reads frames ahead in a thread, so that slow decoding or rendering does not break the rate."""

import queue
import threading

_END = object()


class FrameReader:
    """Iterates over frames of a sequence, some of them read in advance."""

    def __init__(self, sequence, indices, ahead=8):
        """Begin to read ``sequence[i]`` for the indices, at most ``ahead`` frames in advance."""
        self._queue = queue.Queue(maxsize=ahead)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._read, args=(sequence, indices), daemon=True, name='frame reader')
        self._thread.start()

    def __iter__(self):
        """Yield the frames; raises ValueError or OSError where one cannot be read."""
        while True:
            item = self._queue.get()
            if item is _END:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    def stop(self):
        """End reading; what was read ahead is dropped."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _read(self, sequence, indices):
        try:
            for index in indices:
                if self._stopped.is_set():
                    return
                self._queue.put(sequence[index])
            self._queue.put(_END)
        except (ValueError, OSError) as error:
            self._queue.put(error)
