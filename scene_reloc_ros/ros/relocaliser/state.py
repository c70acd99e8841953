# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the relocaliser stands: searching, localised or lost, and who waits for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
import threading
import time
from typing import Optional, Protocol

from scene_reloc_ros.ros.node.recent_answers import RecentAnswers
from scene_reloc_ros.ros.relocaliser.outcome import Outcome


class Silent(Protocol):
    """A camera that can say why it is silent."""

    def silence(self) -> Optional[str]:
        """Return a sentence when no image has come for too long."""


@dataclass
class RelocaliseRequest:
    """One call of ~/relocalise that waits for its outcome."""

    started_s: float = field(default_factory=time.monotonic)
    tries: int = 0
    accepted: bool = False
    sentence: str = 'no image was handled'
    best: Optional[Outcome] = None  # of the try that came nearest
    finished: threading.Event = field(default_factory=threading.Event)

    def take(self, outcome: Outcome, sentence: str) -> None:
        """Count a try; one that is accepted ends the waiting."""
        if self.best is None or _nearness(outcome) >= _nearness(self.best):
            self.best = outcome
        self.accepted, self.sentence = outcome.accepted, sentence
        self.tries += 1
        if outcome.accepted:
            self.finished.set()

    @property
    def outcome(self) -> str:
        """The sentence that the caller gets."""
        verb = 'localised' if self.accepted else 'not localised'
        elapsed = time.monotonic() - self.started_s
        return f'{verb} after {self.tries} tries in {elapsed:.1f} s: {self.sentence}'

    def answer(self, camera: Optional[Silent]) -> str:
        """Return that sentence; where no image was tried, with what the camera says to it."""
        if self.tries or camera is None:
            return self.outcome
        return f'{self.outcome} ({camera.silence() or "wait for the next image"})'


class LocalisationState:
    """Counts accepted and refused frames; safe to use from several threads."""

    def __init__(self) -> None:
        """Start searching."""
        self._lock = threading.Lock()
        self._requests: list[RelocaliseRequest] = []
        self.ready = False
        self.frames = 0
        self.accepted = 0
        self.jumps = 0
        self.refusals: Counter[str] = Counter()  # by code
        self.recent = RecentAnswers()
        self._refused_in_a_row = 0
        self._was_ready = False

    @property
    def label(self) -> str:
        """Return 'localised', 'searching' (never localised since the last reset) or 'lost'."""
        if self.ready:
            return 'localised'
        return 'lost' if self._was_ready else 'searching'

    def reset(self) -> None:
        """Forget the pose; requests go on waiting."""
        with self._lock:
            self.ready, self._was_ready, self._refused_in_a_row = False, False, 0

    def lose(self) -> bool:
        """Give the pose up for another reason than refused frames; tells whether there was one."""
        with self._lock:
            was_ready, self.ready, self._refused_in_a_row = self.ready, False, 0
            return was_ready

    def record(self, outcome: Outcome, sentence: str, lost_after_frames: int) -> Optional[str]:
        """Count a frame; after ``lost_after_frames`` refusals in a row the pose is lost.

        Returns 'localised' for the first pose since the state was reset or lost, 'lost' when it
        becomes so, else None.
        """
        accepted, found = outcome.accepted, outcome.localisation
        self.recent.take(outcome.reason, None if found is None else found.latency_ms)
        with self._lock:
            was_ready = self.ready
            self.frames += 1
            self.accepted += accepted
            if not accepted:
                self.refusals[outcome.reason] += 1
            self._refused_in_a_row = 0 if accepted else self._refused_in_a_row + 1
            if accepted:
                self.ready = self._was_ready = True
            elif self._refused_in_a_row >= lost_after_frames:
                self.ready = False
            for request in self._requests:
                request.take(outcome, sentence)
            if accepted:
                self._requests.clear()
            if self.ready == was_ready:
                return None
            return 'localised' if self.ready else 'lost'

    def refuse(self, reason: str) -> None:
        """Count an image that was not worked on: it says nothing of where the robot is."""
        self.recent.take(reason)
        with self._lock:
            self.frames += 1
            self.refusals[reason] += 1

    def request(self) -> RelocaliseRequest:
        """Forget the pose and return a request that is finished by the next accepted frame."""
        self.reset()
        request = RelocaliseRequest()
        with self._lock:
            self._requests.append(request)
        return request

    @property
    def awaited(self) -> bool:
        """Tell whether a request waits."""
        with self._lock:
            return bool(self._requests)

    def give_up(self, request: RelocaliseRequest) -> None:
        """Stop counting for a request whose time is over."""
        with self._lock:
            if request in self._requests:
                self._requests.remove(request)

    def abort_requests(self, sentence: str) -> None:
        """Finish all requests without success, as when the node is deactivated."""
        with self._lock:
            for request in self._requests:
                request.sentence = sentence
                request.finished.set()
            self._requests.clear()


def _nearness(outcome: Outcome) -> tuple[bool, float, int]:
    """Return what the better of two tries has more of."""
    found = outcome.localisation
    return (outcome.accepted, 0.0, 0) if found is None else (
        outcome.accepted, float(found.probability), int(found.inliers))
