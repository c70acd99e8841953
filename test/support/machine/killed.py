# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Processes that are killed at a random moment, and how often a test does that."""

from dataclasses import replace
import multiprocessing
import os
import signal

from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.session import MappingSession
from support.small_recording import small_frames

KILLS = int(os.environ.get('SCENE_RELOC_KILLS', '3'))  # 20 to be thorough


def record(folder, name, bounds, told):
    """Record for ever, and tell stamp and count of each key frame that is acknowledged."""
    session = MappingSession(folder, name)
    options = replace(MapperNodeOptions(), **bounds)
    told.send((session.name, len(session)))
    frame, number = small_frames(1)[0], 100 * os.getpid() % 10_000_000
    while True:
        number += 1
        pose = frame.map_from_cam.copy()
        pose[0, 3] = 0.1 * number
        stamp_ns = session.newest_ns + 100_000_000
        if session.offer(replace(frame, stamp_ns=stamp_ns, map_from_cam=pose), options):
            told.send((session.newest_ns, len(session)))


class KilledRecorder:
    """A process that records, until it is killed."""

    def __init__(self, folder, name='', **bounds):
        """Go on with a recording, or begin one."""
        context = multiprocessing.get_context('forkserver')
        context.set_forkserver_preload(['torch', 'cv2', 'scene_reloc_ros.ros.mapper.session'])
        self._told, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=record, args=(str(folder), name, bounds, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.name, self.begun_with = self._told.recv()

    def acknowledged_until_killed(self, seconds, least=1):
        """Kill it so long after its first key frames; return all (stamp, count) that it told."""
        told = [self._told.recv() for _ in range(least)]
        self._process.join(seconds)
        os.kill(self._process.pid, signal.SIGKILL)
        try:
            while True:
                told.append(self._told.recv())
        except (EOFError, OSError):  # the last word may be torn
            self._process.join()
            return told
