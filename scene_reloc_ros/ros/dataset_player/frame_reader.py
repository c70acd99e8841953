# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reader of frames ahead of their time, so that slow decoding or rendering keeps the rate."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Indices
from dataclasses import replace
import queue
import threading
from typing import Any

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.node.threads import guarded_thread

_END = object()


class FrameReader:
    """Iterates over frames of a sequence, some of them read in advance by a thread."""

    def __init__(self, sequence: Sequence, indices: Indices[int], with_depth: bool,
                 ahead: int = 8) -> None:
        """Prepare to read frames.

        Args:
            sequence: that they belong to.
            indices: which ones.
            with_depth: whether their depth is read.
            ahead: how many in advance, at most.
        """
        self._with_depth = with_depth
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=ahead)
        self._stopped = threading.Event()
        self._thread = guarded_thread(
            lambda: self._read(sequence, indices), 'frame reader', self._queue.put)

    def start(self) -> None:
        """Begin to read; once only."""
        self._thread.start()

    def __iter__(self) -> Iterator[PosedImage | ValueError]:
        """Yield the frames, or why one cannot be read in its place; raises what else fails."""
        while True:
            item = self._queue.get()
            if item is _END:
                return
            if isinstance(item, OSError):
                raise item
            yield item

    def stop(self) -> None:
        """End reading; what was read ahead is dropped."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _read(self, sequence: Sequence, indices: Indices[int]) -> None:
        for index in indices:
            if self._stopped.is_set():
                return
            self._queue.put(self._frame(sequence, index))
        self._queue.put(_END)

    def _frame(self, sequence: Sequence, index: int) -> PosedImage | ValueError:
        try:
            frame = sequence.query(index, self._with_depth)
            return replace(frame, map_from_cam=sequence.map_from_cam(index))
        except ValueError as error:
            return error
