# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Supervisor: whether the robot is localised, and which images are worth the work.

It reads no clock: every event comes with its time, in seconds of a clock that never jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
import enum
import math

from scene_reloc_ros.pipeline.tracking.loss import Loss

MODES = ('continuous', 'on_loss', 'on_request')


class Phase(enum.Enum):
    """Where the supervisor stands."""

    UNCONFIGURED = 'unconfigured'  # no map, or the node is not active
    LOST = 'lost'  # it is not known where the robot is, and no image is tried
    RELOCALISING = 'relocalising'  # images are tried
    LOCALISED = 'localised'
    DEGRADED = 'degraded'  # odometry alone carries the last pose on


class Event(enum.Enum):
    """What may change the phase."""

    BEGIN = 'begin'  # a map is there, and the node is active
    END = 'end'  # one of them is not
    TRY = 'try'  # an image is localised
    POSE = 'pose'  # one was found and admitted
    LOSS = 'loss'  # see LossReason
    DOUBT = 'doubt'  # the camera is silent, or half of the trust in odometry is used up
    SIGHT = 'sight'  # images come again, and nobody asks to try them
    FORGET = 'forget'  # a service, another map, a clock that was set back
    GIVE_UP = 'give_up'  # the time of a request is over


TRANSITIONS: dict[tuple[Phase, Event], Phase] = {
    (Phase.UNCONFIGURED, Event.BEGIN): Phase.LOST,
    (Phase.LOST, Event.TRY): Phase.RELOCALISING,
    (Phase.LOST, Event.POSE): Phase.LOCALISED,
    (Phase.LOST, Event.END): Phase.UNCONFIGURED,
    (Phase.RELOCALISING, Event.POSE): Phase.LOCALISED,
    (Phase.RELOCALISING, Event.DOUBT): Phase.LOST,
    (Phase.RELOCALISING, Event.FORGET): Phase.LOST,
    (Phase.RELOCALISING, Event.GIVE_UP): Phase.LOST,
    (Phase.RELOCALISING, Event.END): Phase.UNCONFIGURED,
    (Phase.LOCALISED, Event.DOUBT): Phase.DEGRADED,
    (Phase.LOCALISED, Event.LOSS): Phase.LOST,
    (Phase.LOCALISED, Event.FORGET): Phase.LOST,
    (Phase.LOCALISED, Event.END): Phase.UNCONFIGURED,
    (Phase.DEGRADED, Event.POSE): Phase.LOCALISED,
    (Phase.DEGRADED, Event.SIGHT): Phase.LOCALISED,
    (Phase.DEGRADED, Event.LOSS): Phase.LOST,
    (Phase.DEGRADED, Event.FORGET): Phase.LOST,
    (Phase.DEGRADED, Event.END): Phase.UNCONFIGURED,
}  # all else changes nothing
_ENDS = {Event.LOSS, Event.FORGET, Event.END}  # of what was known
_CLEARS = {Event.POSE, Event.SIGHT, Event.BEGIN, Event.FORGET, Event.END}  # what told a loss


@dataclass(frozen=True)
class SupervisorOptions:
    """When images are localised."""

    mode: str = 'continuous'  # one of MODES
    step: int = 1  # continuous, while localised: every so many images, count
    rate_hz: float = 0.0  # the same: no more often than that, 1/s; 0: any

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if self.mode not in MODES:
            raise ValueError(f'mode is {self.mode!r}; expected one of {", ".join(MODES)}')
        if self.step < 1 or not 0 <= self.rate_hz < math.inf:
            raise ValueError(f'every {self.step}th image at {self.rate_hz} per second; expected '
                             'at least 1, and 0 or more')


class Supervisor:
    """State machine over TRANSITIONS; not safe to use from several threads at once."""

    def __init__(self, options: SupervisorOptions = SupervisorOptions()) -> None:
        """Begin unconfigured; ``options`` may be set anew at any time."""
        self.options = options
        self.phase = Phase.UNCONFIGURED
        self.cause: Loss | None = None  # of being lost or degraded, where something told it
        self.epoch = 0  # an image of an earlier one says nothing of now, count
        self._holds: dict[str, Loss] = {}  # what says now that poses are no good, by its source
        self._request_until_s = -math.inf
        self._skipped = 0  # images since the last one that was wanted
        self._wanted_s = -math.inf

    @property
    def localised(self) -> bool:
        """Tell whether a pose is there that is believed."""
        return self.phase in (Phase.LOCALISED, Phase.DEGRADED)

    @property
    def held(self) -> Loss | None:
        """Return what forbids to believe a pose now, None where nothing does."""
        return next(iter(self._holds.values()), None)

    def handle(self, event: Event, now_s: float, cause: Loss | None = None) -> bool:
        """Take an event; tells whether the phase has changed.

        Args:
            event: what has happened; a POSE while ``held`` counts for nothing.
            now_s: when, seconds.
            cause: of a LOSS or a DOUBT.
        """
        if event is Event.POSE and self._holds:
            return False
        before = self.phase
        self.phase = TRANSITIONS.get((before, event), before)
        if event in _ENDS:
            self.epoch += 1
        if cause is not None or event in _CLEARS:
            self.cause = cause
        if event is Event.POSE:
            self._request_until_s, self._wanted_s, self._skipped = -math.inf, now_s, 0
        return before is not self.phase

    def hold(self, source: str, loss: Loss, now_s: float) -> bool:
        """Believe no pose while a source says so; tells whether one was given up for it."""
        self._holds[source] = loss
        return self.handle(Event.LOSS, now_s, loss)

    def release(self, source: str) -> None:
        """Take back what a source has said."""
        self._holds.pop(source, None)

    def release_all(self) -> None:
        """Take everything back, as when the node begins anew."""
        self._holds.clear()

    def request(self, until_s: float) -> None:
        """Try images from now on in mode on_request too, until a pose or the time ``until_s``."""
        self._request_until_s = until_s

    def tick(self, now_s: float) -> bool:
        """Let time go by; tells whether the phase has changed."""
        over = self.options.mode == 'on_request' and now_s >= self._request_until_s
        return over and self.handle(Event.GIVE_UP, now_s)

    def wants(self, now_s: float) -> bool:
        """Tell whether an image that comes now is to be localised; call it once for each."""
        if self.phase is Phase.UNCONFIGURED:
            return True  # the answer says what is missing
        if self.options.mode == 'continuous' and self.phase is Phase.LOCALISED:
            return self._due(now_s)
        return not self.rests(now_s)

    def rests(self, now_s: float) -> bool:
        """Tell whether no image is wanted, until something happens."""
        if self.options.mode == 'on_request':
            return self.phase is not Phase.UNCONFIGURED and now_s >= self._request_until_s
        return self.options.mode == 'on_loss' and self.phase is Phase.LOCALISED

    def _due(self, now_s: float) -> bool:
        """Tell whether it is the turn of an image while all is well."""
        self._skipped += 1
        rate_hz = self.options.rate_hz
        if self._skipped < self.options.step or (
                rate_hz and now_s < self._wanted_s + 1 / rate_hz):
            return False
        self._skipped, self._wanted_s = 0, now_s
        return True
