# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Instant map: that of the recording as far as it is, made and offered while it goes on.

A thread of low priority reads key frames from the disk, where they are before they are counted.
So nothing that records ever waits for it, and a map never has a frame that is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
import math
import os
from pathlib import Path
import threading
import time
from typing import Optional, Protocol

from scene_reloc_ros.datasets.recording import RecordingSequence
from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.machine.threads import one_thread
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.growing_map import GrowingMap
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.node.threads import guarded_thread
from scene_reloc_ros.ros.node.worker import LatestSlot

_REST = 1.0  # of the time that growing took, until it goes on: a large map is offered less often


class RecordedSession(Protocol):
    """What an instant map needs to know of a MappingSession."""

    recording: Path
    map_path: Path
    revision: int

    def __len__(self) -> int:
        """Return the number of key frames that are on disk."""


@dataclass(frozen=True)
class _Task:
    """A session whose recording may have grown."""

    session: RecordedSession
    options: MapperNodeOptions
    era: int  # of the InstantMap; what an end left behind is of an older one

    @property
    def kind(self) -> tuple[Path, int, str]:
        """What a map is of: where that is another, it begins anew."""
        return self.session.recording, self.session.revision, self.options.encoder


def instant_path(map_path: Path) -> Path:
    """Return where the instant map of a session lies whose trained map goes to ``map_path``."""
    return map_path.with_name(f'{map_path.stem}.instant{map_path.suffix}')


class InstantMap:
    """Grows with a session, and offers itself again and again until the trained map is there."""

    def __init__(self, offer: Callable[[str], None], tell: Callable[[str, Exception], object],
                 make: Callable[[str, int], GrowingMap] = GrowingMap) -> None:
        """Begin without a session.

        Args:
            offer: called with the path of a map that is whole on disk.
            tell: called with what failed and why; the next key frame tries again.
            make: of encoder and seed, makes what grows.
        """
        self._offer, self._tell, self._make = offer, tell, make
        self._slot, self._hurry = LatestSlot(), threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()  # nothing is offered after an end
        self._era = 0
        self._growing: Optional[tuple[tuple[Path, int, str], GrowingMap]] = None  # of what kind
        self._next_s = -math.inf  # when the next one may be offered
        self.keyframes: Optional[int] = None  # of the map that was offered last

    def follow(self, session: Optional[RecordedSession], options: MapperNodeOptions,
               at_once: bool = False) -> None:
        """Hear that there may be further key frames; it never waits.

        Args:
            session: that is recorded; None: there is none.
            options: of the node.
            at_once: whether the map is offered without waiting for its time.
        """
        if session is None or not options.instant_map:
            return
        with self._lock:
            if self._thread is None:
                self._thread = guarded_thread(self._run, 'instant map')
                self._thread.start()
            self._slot.put(_Task(session, options, self._era))
        if at_once:
            self._hurry.set()

    def end(self, map_path: Optional[Path] = None) -> None:
        """Offer nothing more of the present session.

        Args:
            map_path: of the session, whose instant map goes from the disk, too.
        """
        with self._lock:
            self._slot.clear()
            self._era += 1
            self._growing = self.keyframes = None
            self._next_s = -math.inf
            if map_path is not None:
                with suppress(OSError):
                    instant_path(map_path).unlink(missing_ok=True)

    def close(self) -> None:
        """End, and wait for the thread, which stops after the frame in work."""
        self.end()
        self._slot.close()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._slot, self._hurry = None, LatestSlot(), threading.Event()

    def _run(self) -> None:
        slot, hurry = self._slot, self._hurry
        while (task := slot.take()) is not None:
            hurry.wait(max(0.0, self._next_s - time.monotonic()))
            hurry.clear()
            task = slot.take(0.0) or task
            try:
                self._work(task)
            except MappingCancelled:
                continue
            except Exception as error:  # noqa: BLE001  # whatever a library may think of
                if task.era == self._era and len(task.session):  # else it was discarded meanwhile
                    self._tell('the instant map', error)

    def _work(self, task: _Task) -> None:
        """Let the map take what has come, write it and offer it."""
        with suppress(OSError):  # where the system forbids it, it is as others are
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), task.options.niceness)
        growing = self._growing_of(task)
        began_s = time.monotonic()
        scene_map = self._grown(growing, task)
        if scene_map is None:
            return
        path = instant_path(task.session.map_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        scene_map.save(path)
        with self._lock:
            if task.era != self._era:
                path.unlink(missing_ok=True)
                return
            now_s = time.monotonic()
            self._next_s = max(began_s + task.options.instant_map,
                               now_s + (now_s - began_s) * _REST)
            self.keyframes = len(scene_map.views)
            self._offer(str(path))

    def _growing_of(self, task: _Task) -> GrowingMap:
        """Return what grows with a session."""
        with self._lock:
            known = self._growing
        if known is not None and known[0] == task.kind:
            return known[1]
        growing = self._make(task.options.encoder, task.options.seed)
        with self._lock:
            if task.era == self._era:
                self._growing = task.kind, growing
        return growing

    def _grown(self, growing: GrowingMap, task: _Task) -> Optional[SceneMap]:
        """Return the map of all key frames on disk, None where they make none yet."""
        if not len(task.session):
            return None
        frames = RecordingSequence(task.session.recording)
        with one_thread():
            scene_map = growing.grow(frames, lambda: task.era != self._era)
        if scene_map is None:
            return None
        label = RecordingLabel.read(task.session.recording)
        return replace(scene_map, metadata={**scene_map.metadata, **label.metadata()})
