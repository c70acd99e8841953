# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping session: key frames on disk, from the first one until a map or ~/discard."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
import shutil
import threading
import time
from typing import Optional

import numpy as np

from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.files.outputs import full_path, writable_folder
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.geometry.stamp_stream import StampStream, StampVerdict
from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.mapper.frame_choice import (
    KeyFrameSelection,
    PictureCheck,
    RecordingBound,
    room_for,
)
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions, motion_bounds
from scene_reloc_ros.ros.mapper.stored_recordings import (
    claimed_name,
    fresh_name,
    map_of,
    MAPS,
    recording_of,
    RECORDINGS,
    refuse_other_frame,
)
from scene_reloc_ros.uncertainty.pose_plausibility import (
    DoubtfulPose,
    MotionBounds,
    PoseDoubt,
    PoseMonitor,
)
from scene_reloc_ros.uncertainty.rejection import Rejection

_PAUSE_NS = 1_000_000_000  # in the recording, where the clock was set back


class RecordingClock:
    """The stamps of a recording: those of the images, and ever later where these go back."""

    def __init__(self, newest_ns: int = 0) -> None:
        """Begin with the stamps as they are, after the newest of a recording that goes on."""
        self._stream = StampStream()
        if newest_ns:
            self._stream.judge(newest_ns, 0, time.monotonic_ns())
        self._newest_ns, self._shift_ns, self._restarted = newest_ns, 0, False

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

    def __init__(self, folder: str | Path, name: str = '') -> None:
        """Choose where recording and map go; nothing is written before the first key frame.

        Args:
            folder: that holds recordings/ and maps/.
            name: of the recording there that goes on; '': a new one.

        Raises ValueError where one of them cannot be written, or the recording cannot be read.
        """
        root = full_path(folder)
        try:
            for part in (RECORDINGS, MAPS):  # before anything is recorded for a map
                writable_folder(root / part)
        except ValueError as error:
            raise ValueError(f'parameter folder: {error}') from error
        self._root, self._goes_on = root, bool(name)
        self._use_name(name or fresh_name(root))
        self.poses: list[np.ndarray] = []  # map_from_cam of the key frames
        self._stamps_ns: list[int] = []  # of them
        self.jumps = 0  # how often the poses went on elsewhere
        self.revision = 0  # how often key frames were found wrong and taken back
        self._news = ''
        self._monitor = PoseMonitor()
        self._run: list[int] = []  # stamps of the key frames since the last jump
        self._selection, self._pictures = KeyFrameSelection(), PictureCheck()
        self.bound = RecordingBound()
        self._writer: Optional[RecordingWriter] = None
        self._lock = threading.Lock()
        if name:
            self._read()
        self._clock = RecordingClock(self.newest_ns)

    def __len__(self) -> int:
        """Return the number of key frames on disk."""
        return len(self.poses)

    @property
    def newest_ns(self) -> int:
        """Return the stamp of the last key frame, 0 where there is none."""
        return self._stamps_ns[-1] if self._stamps_ns else 0

    @property
    def size_mb(self) -> float:
        """Return what the pictures take on disk, MB, as far as this process has looked."""
        return 0.0 if self._writer is None else self._writer.size_bytes / 1e6

    def _use_name(self, name: str) -> None:
        self.name = name
        self.recording, self.map_path = recording_of(self._root, name), map_of(self._root, name)

    def _read(self) -> None:
        """Take the key frames of a recording that goes on; those without a good pose stay out."""
        sequence = RecordingSequence(self.recording)
        for index in range(len(sequence)):
            with suppress(ValueError):
                pose = sequence.map_from_cam(index)
                if pose is not None:
                    self.poses.append(pose)
                    self._stamps_ns.append(sequence.stamp_ns(index))
        if self.poses:
            self._selection.keep(self._stamps_ns[-1], self.poses[-1])

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
            self._pictures.refuse_poor(frame, options)
            try:
                writer = self._opened(frame, options)
                if not self._has_room(writer, map_from_cam, options):
                    return False
                writer.append(frame)
            except OSError as error:
                raise ValueError(self._unwritable(error)) from error
            self._selection.keep(frame.stamp_ns, map_from_cam)
            self.poses.append(map_from_cam)
            self._stamps_ns.append(frame.stamp_ns)
            self._run.append(frame.stamp_ns)
            return True

    def _opened(self, frame: PosedImage, options: MapperNodeOptions) -> RecordingWriter:
        """Return what writes the recording, begun with the first frame that is kept."""
        if self._writer is not None:
            return self._writer
        if self._goes_on:
            refuse_other_frame(self.recording, options.map_frame)
        else:  # under another name where the mapper of another robot has taken it
            self._use_name(claimed_name(self._root, self.name))
        try:
            writer = RecordingWriter(self.recording, frame.camera)
            RecordingLabel.claim(self.recording, options.map_frame)
        except (OSError, ValueError):
            if not self._goes_on:  # for the next frame to try again
                shutil.rmtree(self.recording, ignore_errors=True)
            raise
        self._writer = writer
        return writer

    def _has_room(self, writer: RecordingWriter, map_from_cam: np.ndarray,
                  options: MapperNodeOptions) -> bool:
        """Make room for a key frame, where there is none; tells whether its view deserves it."""
        most = room_for(len(writer), writer.size_bytes, options)
        if not self.bound.takes(map_from_cam, self.poses, most):
            self._news = ('the recording is full (max_frames, max_disk_mb), and views as near as '
                          'this one are in it')
            return False
        going = self.bound.superfluous(self.poses, most)
        if going:
            self._remove(writer, going)
            self._news = (f'the recording is full: {len(going)} key frames that others are near '
                          'to made room')
        return True

    def _remove(self, writer: RecordingWriter, numbers: list[int]) -> None:
        """Take key frames out of the recording, by their numbers."""
        going = set(numbers)
        stamps_ns = {self._stamps_ns[number] for number in going}
        writer.remove(stamps_ns)
        self.poses = [pose for number, pose in enumerate(self.poses) if number not in going]
        self._stamps_ns = [stamp for stamp in self._stamps_ns if stamp not in stamps_ns]
        self._run = [stamp for stamp in self._run if stamp not in stamps_ns]

    def time_restarted(self) -> None:
        """Go on with whatever stamps come next: the clock was set back."""
        with self._lock:
            self._clock.restart()
            self._monitor.reset()
            self._run = []

    def news(self) -> str:
        """Return what there is to tell of the poses, once."""
        news, self._news = self._news, ''
        return news

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
        self._run = []
        if wrong:
            self._withdraw(wrong)

    def _withdraw(self, wrong: list[int]) -> None:
        """Take back the key frames of a start, by stamp, that the poses after it deny."""
        assert self._writer is not None  # there are key frames of this run
        try:
            self._remove(self._writer, [number for number, stamp in enumerate(self._stamps_ns)
                                        if stamp in wrong])
        except OSError as error:  # a training leaves them out all the same
            raise ValueError(self._unwritable(error)) from error
        self.revision += 1
        self._selection = KeyFrameSelection()
        self._news += f'; the {len(wrong)} key frames before were wrong and are taken back'

    def discard(self) -> int:
        """Delete the recording; returns how many key frames it had.

        Raises ValueError where it cannot be deleted; one that has gone already is discarded.
        """
        with self._lock:
            count = len(self.poses)
            if self.recording.exists():
                try:
                    shutil.rmtree(self.recording)
                except OSError as error:
                    raise ValueError(f'recording {self.recording} cannot be deleted '
                                     f'({error.strerror}); delete it by hand') from error
            self._writer, self.poses, self._stamps_ns = None, [], []
            return count

    def _unwritable(self, error: OSError) -> str:
        if self.poses and not self.recording.exists():
            return (f'recording {self.recording} has been removed; call ~/discard, and ~/start '
                    'for a new one')
        return (f'recording {self.recording} cannot be written ({error.strerror}); free space or '
                'give permission, and it goes on by itself')
