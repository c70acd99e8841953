# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Between the supervisor of the core and the node: losses, and which images are wanted.

All of it happens under the lock of the node, so that no pose of before a loss follows it.
"""

from __future__ import annotations

from dataclasses import replace
import time
from typing import Any, Optional

from scene_reloc_ros.pipeline.tracking.loss import Loss, LossReason
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions
from scene_reloc_ros.pipeline.tracking.odometry_trust import OdometryTrust
from scene_reloc_ros.pipeline.tracking.odometry_watch import Disagreement, OdometryWatch
from scene_reloc_ros.pipeline.tracking.supervisor import Event, Supervisor
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.pose_filter import gate_options
from scene_reloc_ros.ros.relocaliser.services import RelocalisingNode
from scene_reloc_ros.ros.relocaliser.sight.rig_input import SightMessages
from scene_reloc_ros.ros.relocaliser.watch.listeners import ODOMETRY, TrackingListeners
from scene_reloc_ros.ros.relocaliser.watch.transform_odometry import TransformOdometry
from scene_reloc_ros.uncertainty.rejection import Rejection

_TICK_S = 0.1
_TICKS_OF_TRUST = 4  # what slowly goes bad; and noise of odometry at rest is no way
_WORTH_A_LOOK = 0.5  # of the trust in odometry


class TrackingWatch:
    """Weighs what is known, gives poses up, and says which images are wanted."""

    def __init__(self, node: RelocalisingNode) -> None:
        """Watch for ``node``."""
        self._node = node
        self._supervisor = Supervisor(node.options.supervision())
        self._watch = OdometryWatch(node.options.watch())
        self._trust = OdometryTrust(node.options.trust(), _drift(node.options))
        self._disagreement = Disagreement()
        self._listeners = TrackingListeners(node, self._watch, self)
        self._transforms = TransformOdometry(self._watch)
        self._ticks = 0
        self._breaks = 0  # of odometry

    def configure(self) -> None:
        """Listen and watch, until the node is cleaned up."""
        self._listeners.configure()
        self._node.repeat(_TICK_S, self._tick)
        self._node.batches.rests = self._rests

    def use(self, options: RelocaliserOptions) -> None:
        """Take other options."""
        self._supervisor.options = options.supervision()
        self._watch.use(options.watch())
        self._trust.use(options.trust(), _drift(options))
        if not self._has_odometry:
            self._supervisor.release(ODOMETRY)

    @property
    def epoch(self) -> int:
        """Return a number that every loss changes."""
        return self._supervisor.epoch

    @property
    def odometry(self) -> Optional[int]:
        """Return the number of the stretch in which odometry is whole, None: it is not now."""
        whole = self._has_odometry and self._supervisor.held is None
        return self._breaks if whole else None

    def begin(self, with_map: bool, goes_on: bool = False) -> None:
        """Hear that the node is active, whether it has a map, and whether its pose outlived it."""
        if not goes_on:
            self._handle(Event.BEGIN if with_map else Event.END)

    def end(self) -> None:
        """Hear that the node has fallen silent; what was heard of others may be old by then."""
        self._handle(Event.END)
        self._supervisor.release_all()
        self._watch.reset()

    def forget(self) -> None:
        """Hear that the pose is forgotten."""
        self._breaks += 1
        self._handle(Event.FORGET)
        self._trust.reset()
        self._disagreement.reset()

    def restart(self) -> None:
        """Hear that time has gone back."""
        self._watch.reset()

    def search(self, seconds: float) -> None:
        """Try images for so long, whatever the mode."""
        self._supervisor.request(time.monotonic() + seconds)

    def offer(self, messages: SightMessages) -> None:
        """Hand an image to the worker, where it is wanted."""
        with self._node.swap_lock:
            wanted = self._supervisor.wants(time.monotonic())
            if wanted:
                self._handle(Event.TRY)
        if wanted:
            self._node.slot.put(messages)
        else:
            self._node.slot.pass_by()

    def examine(self, outcome: Outcome, epoch: int) -> Outcome:
        """Return an outcome, refused where a loss forbids to believe it.

        Args:
            outcome: of an image.
            epoch: when the work on it began.
        """
        held = self._supervisor.held
        if not outcome.accepted or (held is None and epoch == self.epoch):
            return outcome
        detail = held.sentence if held else 'the image is from before the last pose was given up'
        return replace(outcome, rejection=Rejection.TRACKING_LOST, admitted=False,
                       sentence=f'{Rejection.TRACKING_LOST.sentence} {detail}.')

    def recorded(self, outcome: Outcome, event: Optional[str]) -> None:
        """Hear what became of an image."""
        if outcome.accepted:
            self._handle(Event.POSE)
            self._trust.reset(time.monotonic())
            self._watch.anchor()
        elif event == 'lost':
            self._handle(Event.LOSS)

    def compare(self, outcome: Outcome, jump: bool) -> None:
        """Hold an outcome that was told against odometry; a loss may follow from it."""
        disagrees = jump or outcome.rejection is Rejection.DISAGREES_WITH_ODOMETRY
        if self._has_odometry and (outcome.accepted or disagrees):
            self.lose(self._disagreement.take(disagrees))

    def fields(self) -> dict[str, Any]:
        """Return what ~/status says of this."""
        cause = self._supervisor.held or self._supervisor.cause
        return {'mode': self._node.options.mode, 'tracking': self._supervisor.phase.value,
                'doubt': cause.sentence if cause else None}

    def _rests(self) -> bool:
        return self._node.is_active and self._supervisor.rests(time.monotonic())

    @property
    def _has_odometry(self) -> bool:
        return self._node.options.tf_mode == 'map_to_odom'

    def _handle(self, event: Event, cause: Optional[Loss] = None) -> bool:
        return self._supervisor.handle(event, time.monotonic(), cause)

    def lose(self, loss: Optional[Loss]) -> None:
        """Give the pose up, where there is one, and tell everyone."""
        self._breaks += loss is not None
        if loss is not None and self._node.is_active:
            self._handle(Event.LOSS, loss)
            self._trust.reset()
            self._node.lose(loss)

    def hold(self, source: str, loss: Optional[Loss]) -> None:
        """Give the pose up, and find none while a source goes on to say so; None: it is well."""
        self._breaks += loss is not None
        if loss is None:
            self._supervisor.release(source)
        elif self._supervisor.hold(source, loss, time.monotonic()):
            self.lose(loss)

    def _tick(self) -> None:
        self._ticks += 1
        with self._node.swap_lock:
            if not self._node.is_active:
                return
            now_s = time.monotonic()
            if self._has_odometry:
                self._look_at_odometry(now_s)
            self._supervisor.tick(now_s)
            if self._ticks % _TICKS_OF_TRUST == 0:
                self._weigh(now_s)

    def _look_at_odometry(self, now_s: float) -> None:
        """Watch what comes on /tf, notice silence, and add up the way that odometry goes."""
        options, lookup = self._node.options, self._node.lookup
        on_topic, weighs = self._listeners.hears_odometry, self._ticks % _TICKS_OF_TRUST == 0
        if lookup is not None and not (on_topic and not weighs):
            loss = self._transforms.look(
                lookup, options.odom_frame, options.base_frame, now_s, on_topic)
            if not on_topic:
                self._take(loss)
            if weighs and self._supervisor.localised and self._transforms.pose is not None:
                self._trust.move(self._transforms.pose)
        self.lose(self._watch.silence(now_s))

    def _take(self, loss: Optional[Loss]) -> None:
        """Take what odometry tells of itself: as long as it says so, or once."""
        self.hold(ODOMETRY, self._watch.declared)
        if loss is not None and self._watch.declared is None:
            self.lose(loss)

    def _weigh(self, now_s: float) -> None:
        """Compare what is known with what is needed to go on believing the pose."""
        camera = self._node.camera_input
        silent = camera is not None and camera.silent_s >= self._node.options.image_timeout
        if not self._supervisor.localised:
            if silent:
                self._handle(Event.DOUBT)
            return
        share, sentence = self._trust.used(now_s)
        unseen = (camera.silence() or '') if silent and camera is not None else ''
        doubt = Loss(LossReason.CAMERA_SILENT if silent else LossReason.POSE_TOO_OLD,
                     '; '.join(part for part in (unseen, sentence) if part))
        if share >= 1 or (silent and not self._has_odometry):
            self.lose(doubt)
        elif silent or share >= _WORTH_A_LOOK:
            if self._handle(Event.DOUBT, doubt):
                self._node.report(doubt.reason.code, doubt.sentence)
        elif self._supervisor.options.mode == 'on_request':
            self._handle(Event.SIGHT)


def _drift(options: RelocaliserOptions) -> Optional[GateOptions]:
    """Return how odometry drifts, None where there is none."""
    return gate_options(options) if options.tf_mode == 'map_to_odom' else None
