# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping session: the choice of key frames, and those on disk until a map or ~/discard."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count
from pathlib import Path
import shutil
import threading
import time
from typing import Optional

import numpy as np

from scene_reloc_ros.datasets.recording import RecordingWriter
from scene_reloc_ros.files.outputs import full_path, writable_folder
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.geometry.stamp_stream import StampStream, StampVerdict
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions, motion_bounds
from scene_reloc_ros.uncertainty.pose_plausibility import (
    DoubtfulPose,
    MotionBounds,
    PoseDoubt,
    PoseMonitor,
)
from scene_reloc_ros.uncertainty.rejection import Rejection

_PAUSE_NS = 1_000_000_000  # in the recording, where the clock was set back


class KeyFrameSelection:
    """Choice of key frames: moved far enough, or turned enough, and late enough."""

    def __init__(self) -> None:
        """Begin without a key frame; the first frame is always wanted."""
        self._stamp_ns = 0
        self._map_from_cam: Optional[np.ndarray] = None

    def wants(self, stamp_ns: int, map_from_cam: np.ndarray, options: MapperNodeOptions) -> bool:
        """Tell whether a frame has moved or turned enough, and enough time has passed.

        Args:
            stamp_ns: of the frame.
            map_from_cam: (4, 4).
            options: of the node.
        """
        if self._map_from_cam is None:
            return True
        if 0 <= stamp_ns - self._stamp_ns < options.key_frame_interval * 1e9:
            return False
        moved_m, turned_deg = pose_errors(
            np.asarray(map_from_cam, np.float64), self._map_from_cam)
        return bool(moved_m >= options.key_frame_translation
                    or turned_deg >= options.key_frame_rotation)

    def keep(self, stamp_ns: int, map_from_cam: np.ndarray) -> None:
        """Take a frame as the last key frame."""
        self._stamp_ns = stamp_ns
        self._map_from_cam = np.asarray(map_from_cam, np.float64)


class RecordingClock:
    """The stamps of a recording: those of the images, and ever later where these go back."""

    def __init__(self) -> None:
        """Begin with the stamps as they are."""
        self._stream = StampStream()
        self._newest_ns, self._shift_ns, self._restarted = 0, 0, False

    def restart(self) -> None:
        """Take the next stamp as that of the present, whatever it is."""
        self._restarted = True

    def stamp_of(self, stamp_ns: int) -> int:
        """Return the stamp in the recording of an image; InputRejection where it comes late."""
        if self._restarted:
            self._stream.reset()
        verdict = self._stream.judge(stamp_ns, 0, time.monotonic_ns())
        if self._restarted or verdict is StampVerdict.RESTART:
            self._shift_ns = self._newest_ns + _PAUSE_NS - stamp_ns if self._newest_ns else 0
            self._restarted = False
        elif verdict is StampVerdict.LATE:
            raise InputRejection(Rejection.STALE_STAMP, 'the image is older than one before it')
        self._newest_ns = max(self._newest_ns, stamp_ns + self._shift_ns)
        return stamp_ns + self._shift_ns


class MappingSession:
    """Writes the key frames of a session into a recording."""

    def __init__(self, folder: str | Path) -> None:
        """Choose where recording and map go; nothing is written before the first key frame.

        Args:
            folder: that holds recordings/ and maps/.

        Raises ValueError where one of them cannot be written.
        """
        root = full_path(folder)
        try:
            for part in ('recordings', 'maps'):  # before anything is recorded for a map
                writable_folder(root / part)
        except ValueError as error:
            raise ValueError(f'parameter folder: {error}') from error
        self._root = root
        self._choose_name()
        self.poses: list[np.ndarray] = []  # map_from_cam of the key frames
        self.jumps = 0  # how often the poses went on elsewhere
        self._news = ''
        self._monitor = PoseMonitor()
        self._begin_run()
        self._clock = RecordingClock()
        self._selection = KeyFrameSelection()
        self._writer: Optional[RecordingWriter] = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of key frames on disk."""
        return len(self.poses)

    def _choose_name(self) -> None:
        name, recordings = time.strftime('%Y%m%d-%H%M%S'), self._root / 'recordings'
        names = chain((name,), (f'{name}-{number}' for number in count(1)))
        self.name = next(name for name in names if not (recordings / name).exists())
        self.recording = recordings / self.name
        self.map_path = self._root / 'maps' / f'{self.name}.safetensors'

    def _begin_recording(self, camera: Camera) -> RecordingWriter:
        """Begin to write; under another name where the mapper of another robot has taken it."""
        self.recording.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                self.recording.mkdir()
                break
            except FileExistsError:
                self._choose_name()
        try:
            return RecordingWriter(self.recording, camera)
        except OSError:
            shutil.rmtree(self.recording, ignore_errors=True)  # for the next frame to try again
            raise

    def offer(self, frame: PosedImage, options: MapperNodeOptions) -> bool:
        """Write a frame if it is a key frame; tells whether it was.

        Raises ValueError in one sentence where the frame cannot be recorded; the session stays
        usable.
        """
        with self._lock:
            frame = replace(frame, stamp_ns=self._clock.stamp_of(frame.stamp_ns))
            map_from_cam = frame.map_from_cam
            if map_from_cam is None:
                raise ValueError(f'the frame {frame.name} has no pose; a key frame needs one')
            self._check_motion(frame, map_from_cam, motion_bounds(options))
            if not self._selection.wants(frame.stamp_ns, map_from_cam, options):
                return False
            try:
                if self._writer is None:
                    self._writer = self._begin_recording(frame.camera)
                self._writer.append(frame)
            except OSError as error:
                raise ValueError(self._unwritable(error)) from error
            self._selection.keep(frame.stamp_ns, map_from_cam)
            self.poses.append(map_from_cam)
            self._run.append(frame.stamp_ns)
            return True

    def time_restarted(self) -> None:
        """Go on with whatever stamps come next: the clock was set back."""
        with self._lock:
            self._clock.restart()
            self._monitor.reset()
            self._begin_run()

    def news(self) -> str:
        """Return what there is to tell of the poses, once."""
        news, self._news = self._news, ''
        return news

    def _begin_run(self) -> None:
        self._run: list[int] = []  # stamps of the key frames since the last jump

    def _check_motion(self, frame: PosedImage, map_from_cam: np.ndarray,
                      bounds: MotionBounds) -> None:
        """Raise DoubtfulPose where no robot gets to a pose, until several go on from there."""
        self._monitor.bounds = bounds
        decision = self._monitor.test(
            frame.stamp_ns, checked_pose(map_from_cam, f'frame {frame.name}'))
        if not decision.believed:
            raise DoubtfulPose(PoseDoubt.POSE_JUMP, f'the pose has jumped by {decision.step}; '
                               'it is believed when others go on from there')
        if not decision.jumped:
            return
        self.jumps += 1
        self._news = f'the poses went on elsewhere, {decision.step} from where they were'
        wrong = self._run if decision.withdrawn else []
        self._begin_run()
        if wrong:
            self._withdraw(wrong)

    def _withdraw(self, wrong: list[int]) -> None:
        """Take back the key frames of a start, by stamp, that the poses after it deny."""
        assert self._writer is not None  # there are key frames
        try:
            self._writer.withdraw(wrong[0])
        except OSError as error:  # a training leaves them out all the same
            raise ValueError(self._unwritable(error)) from error
        del self.poses[-len(wrong):]
        self._selection = KeyFrameSelection()
        self._news += f'; the {len(wrong)} key frames before were wrong and are taken back'

    def discard(self) -> int:
        """Delete the recording; returns how many key frames it had.

        Raises ValueError where it cannot be deleted; one that has gone already is discarded.
        """
        with self._lock:
            count = len(self.poses)
            if self._writer is not None and self.recording.exists():
                try:
                    shutil.rmtree(self.recording)
                except OSError as error:
                    raise ValueError(f'recording {self.recording} cannot be deleted '
                                     f'({error.strerror}); delete it by hand') from error
            self._writer, self.poses = None, []
            return count

    def _unwritable(self, error: OSError) -> str:
        if self.poses and not self.recording.exists():
            return (f'recording {self.recording} has been removed; call ~/discard, and ~/start '
                    'for a new one')
        return (f'recording {self.recording} cannot be written ({error.strerror}); free space or '
                'give permission, and it goes on by itself')
