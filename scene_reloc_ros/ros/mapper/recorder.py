# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Recorder of key frames: the present session, who may change it, and what goes into it."""

from __future__ import annotations

from collections import Counter
import threading
from typing import Optional

import numpy as np

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.bridge.camera_frame import (
    CameraAnswer,
    CameraFrame,
    FrameMessages,
    InputRejection,
)
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.pose_sources import PoseSource
from scene_reloc_ros.ros.mapper.session import MappingSession
from scene_reloc_ros.ros.mapper.stored_recordings import (
    left_from_before,
    recording_to_resume,
    refuse_other_frame,
)
from scene_reloc_ros.uncertainty.pose_plausibility import DoubtfulPose
from scene_reloc_ros.uncertainty.rejection import Rejection

EMPTY = ('call ~/start, move the camera and see in ~/status why frames are not kept '
         '(image, camera_info and poses must arrive)')


class Recorder:
    """The session of a mapper; safe to use from several threads.

    What is asked of it answers in a sentence; ValueError says why it cannot be done.
    """

    def __init__(self) -> None:
        """Begin without a session."""
        self._lock = threading.RLock()
        self._session: Optional[MappingSession] = None
        self._recording = self._lent = False
        self._for_training = False  # whether the session was taken up for a training only
        self.refusals: Counter[str] = Counter()  # images of the session not kept, by reason code
        self.refusal: Optional[str] = None  # code of the newest image, where it was refused

    @property
    def state(self) -> str:
        """Return 'training', 'recording', 'recorded' or 'idle'."""
        if self._lent:
            return 'training'
        if self._recording:
            return 'recording'
        return 'recorded' if self.keyframes else 'idle'

    @property
    def is_recording(self) -> bool:
        """Tell whether frames are taken."""
        return self._recording

    @property
    def session(self) -> Optional[MappingSession]:
        """The session, None where there is none."""
        return self._session

    @property
    def keyframes(self) -> int:
        """Number of key frames of the session."""
        return len(self.poses)

    @property
    def poses(self) -> list[np.ndarray]:
        """Poses map_from_cam (4, 4) of the key frames of the session."""
        session = self._session
        return [] if session is None else list(session.poses)

    @property
    def path(self) -> str:
        """Folder of the session's recording, or an empty string."""
        session = self._session
        return '' if session is None else str(session.recording)

    @property
    def recorded_mb(self) -> float:
        """What the pictures of the session take on disk, MB."""
        return 0.0 if self._session is None else round(self._session.size_mb, 1)

    @property
    def thinned(self) -> int:
        """Number of key frames of the session that made room for others."""
        return 0 if self._session is None else self._session.bound.thinned

    def start(self, folder: str) -> str:
        """Begin a session in ``folder``, or go on with the one that was stopped."""
        with self._lock:
            self._refuse_while_lent('wait for it or call ~/cancel')
            if self._recording:
                raise ValueError(f'already recording, {self.keyframes} key frames so far')
            if self._session is None:
                self._session = MappingSession(folder)
                self.refusals.clear()
            self._recording = True
            return f'recording to {self.path}, {self.keyframes} key frames so far'

    def resume(self, options: MapperNodeOptions) -> str:
        """Go on with a session that was stopped, or that an end of the node cut short."""
        with self._lock:
            self._refuse_while_lent('wait for it or call ~/cancel')
            if self._recording:
                raise ValueError(f'already recording to {self.path}; call ~/stop first')
            if not self._has(options.session):
                self._take_up(options, recording_to_resume(options.folder, options.session))
            self._recording = True
            return (f'recording to {self.path} goes on, {self.keyframes} key frames so far; its '
                    'poses have to be in the same map as before')

    def _has(self, name: str) -> bool:
        """Tell whether the present session is the one that is asked for, '': any."""
        session = self._session
        return session is not None and len(session) > 0 and name in ('', session.name)

    def _take_up(self, options: MapperNodeOptions, name: str) -> None:
        """Take a recording from before as the session."""
        session = MappingSession(options.folder, name)
        refuse_other_frame(session.recording, options.map_frame)
        self._session = session
        self.refusals.clear()

    def stop(self) -> str:
        """Pause the session."""
        with self._lock:
            if not self._recording:
                raise ValueError('not recording; call ~/start first')
            self._recording = False
            if not self.keyframes:
                return f'stopped with 0 key frames; {EMPTY}'
            return f'stopped with {self.keyframes} key frames; call ~/train to make a map'

    def pause(self) -> None:
        """Stop recording without a word."""
        self._recording = False

    def discard(self) -> str:
        """Delete the session."""
        with self._lock:
            self._refuse_while_lent('call ~/cancel first')
            if self._session is None:
                raise ValueError('there is no session to discard')
            self._recording = False
            count = self._session.discard()
            self._session = None
            return f'discarded {count} key frames'

    def lend(self, options: MapperNodeOptions) -> MappingSession:
        """Stop recording and hand the session to a training until ``take_back``."""
        with self._lock:
            self._refuse_while_lent('wait for it or call ~/cancel')
            name, session = options.session, self._session
            if name and not self._has(name):
                if session is not None and len(session):
                    raise ValueError(
                        f'the present session is {session.name}, the parameter session is '
                        f'{name}; set it to nothing, or call ~/resume to change to {name}')
                self._take_up(options, recording_to_resume(options.folder, name))
                self._for_training = True
            session, self._recording = self._session, False
            if session is None or not len(session):
                raise ValueError(f'the session has no key frames: {EMPTY}'
                                 f'{left_from_before(options.folder)}')
            self._lent = True
            return session

    def take_back(self, finished: bool) -> None:
        """End the loan; with a map of it the session is over, else it can go on.

        One that was taken up by its name is over in any case: ~/start begins another recording.
        """
        with self._lock:
            if finished or self._for_training:
                self._session = None
            self._lent = self._for_training = False

    def take(self, messages: FrameMessages, camera: CameraAnswer, poses: PoseSource,
             options: MapperNodeOptions) -> Optional[tuple[str, str]]:
        """Record an image if it is a key frame; call it from the worker, for it may wait.

        Returns the reason and the sentence for ~/status, None while nothing is recorded.
        """
        session = self._session if self._recording else None
        if session is None:
            return None
        try:
            kept = session.offer(_posed_image(messages, camera, poses, options), options)
        except InputRejection as error:
            return self.refuse(error)
        except DoubtfulPose as error:
            return self._refused(error.doubt.code, error.detail)
        except ValueError as error:
            return self._refused('refused', str(error))
        self.refusal, news = None, session.news()
        if kept:
            return 'kept', '; '.join(filter(None, (f'{len(session)} key frames', news)))
        return 'not_moved', news or 'the camera has not moved enough for a key frame'

    def refuse(self, refusal: InputRejection) -> tuple[str, str]:
        """Count an image that is not kept; returns the reason and the sentence for ~/status."""
        return self._refused(refusal.rejection.code, refusal.detail)

    def _refused(self, code: str, sentence: str) -> tuple[str, str]:
        self.refusals[code] += 1
        self.refusal = code
        return 'refused', sentence

    def time_restarted(self) -> None:
        """Go on recording with whatever stamps come next."""
        if self._session is not None:
            self._session.time_restarted()

    @property
    def jumps(self) -> int:
        """Number of times that the poses of the session went on elsewhere."""
        return 0 if self._session is None else self._session.jumps

    def _refuse_while_lent(self, remedy: str) -> None:
        if self._lent:
            raise ValueError(f'a training is running; {remedy}')


def _posed_image(messages: FrameMessages, camera: CameraAnswer, poses: PoseSource,
                 options: MapperNodeOptions) -> PosedImage:
    """Read the messages and find the pose; InputRejection names what is missing."""
    frame = CameraFrame.of(*messages, camera, options.camera_frame, options.depth_range)
    at_ns = frame.stamp_ns + round(1e9 * options.pose_time_offset)
    map_from_cam, sentence = poses.find(frame.named_frame(), at_ns)
    if map_from_cam is None:
        raise InputRejection(Rejection.NO_CAMERA_TRANSFORM, sentence or '')
    return PosedImage(str(frame.stamp_ns), frame.stamp_ns, frame.image, frame.camera,
                      map_from_cam, frame.depth_m)
