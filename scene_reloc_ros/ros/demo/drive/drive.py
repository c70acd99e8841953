# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The drive: localised, lost in a way, silent, kidnapped, found; again and again."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
import itertools
from pathlib import Path
import random
import sys
import time
from typing import Any, Optional

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from scene_reloc_ros.evaluation.loss_ways import SILENT_S, Way, WAYS
from scene_reloc_ros.ros.demo.conducting import conduct, Tell
from scene_reloc_ros.ros.demo.drive.record import DriveRecord
from scene_reloc_ros.ros.demo.drive.relay import OdometryRelay
from scene_reloc_ros.ros.demo.service_calls import ServiceCalls

_PLAYER, _RELOCALISER = '/dataset_player', '/relocaliser'
_FIRST_S = 120.0  # networks are loaded, on a busy machine
_LOSS_S = 20.0  # from what is told to what is said; odometry that slips takes ten images
_REST_S = 1.0  # all is well for so long, before and after
_HELD_S = 1.5  # images come, and poses are refused
_ASK_S, _SEARCH_S = 1.0, 30.0  # how long ~/relocalise tries: in vain, and to be found


@dataclass(frozen=True)
class LossRecord:
    """What was seen of one loss."""

    way: str
    reason: str  # that was given, '' for none
    silent_s: Optional[float]  # from the loss to ready false and the last word on a pose
    recovered_s: Optional[float]  # from the first image that could be believed; None: never
    initial_poses: int  # on ~/initialpose, 1 is right
    wrong: int  # words on poses that were wrong, or came while the robot was lost
    answers: tuple[str, ...]  # of services, where they were not the truth


class Drive:
    """Conducts player, odometry and relocaliser."""

    def __init__(self, node: Node, plan: dict[str, Any]) -> None:
        """Prepare.

        Args:
            node: that another thread spins.
            plan: dict with frames (map, odom, base, camera), player (parameters of the dataset
                player), firsts (numbers of frames to begin at), ways (names of WAYS), seed, and
                of the relocaliser trust_time and odometry_gap_limit.
        """
        self.plan = plan
        self._calls = ServiceCalls(node)
        self._record = DriveRecord(node, plan['frames'])
        self._relay = OdometryRelay(node, plan['frames'])
        self._random = random.Random(plan['seed'])
        self._place = 0  # of the firsts

    def lost_and_found(self, count: int, tell: Tell) -> list[dict[str, Any]]:
        """Return what was seen of so many losses, way after way, each as a LossRecord."""
        self._kidnap()
        self._record.until(lambda: self._record.ready, 'the first pose', _FIRST_S)
        seen: list[dict[str, Any]] = []
        for name in itertools.islice(itertools.cycle(self.plan['ways']), count):
            tell('drive', len(seen) / count, name)
            seen.append(asdict(self._lose(name, WAYS[name])))
        tell('drive', 1.0, f'{count} losses')
        return seen

    def elsewhere(self, seconds: float) -> dict[str, Any]:
        """Return what is said in a place that the map is not of."""
        self._kidnap()
        self._record.until(lambda: self._record.since('status', 0), 'a status', _FIRST_S)
        self._search_for(_ASK_S)
        begin_s = time.monotonic()
        success, message = self._answer(self._asked())
        time.sleep(max(0.0, begin_s + seconds - time.monotonic()))
        record = self._record
        statuses = [status for _, status in record.since('status', begin_s)
                    if status['stamp_ns'] is not None]
        return {'images': len(statuses),
                'ready': any(one for _, one in record.since('ready', begin_s)),
                'poses': sum(len(record.since(kind, begin_s + SILENT_S))
                             for kind in ('pose', 'map_to_odom')),
                'reasons': dict(Counter(status['reason'] for status in statuses)),
                'success': success, 'answer': message}

    def _lose(self, name: str, way: Way) -> LossRecord:
        record = self._record
        time.sleep(_REST_S)
        well_s = time.monotonic() - _REST_S
        wrong = record.wrong_corrections(well_s)
        if not way.sees:
            self._stop()
        self._search_for(_ASK_S)
        began_s = time.monotonic()
        self._relay.begin(way)
        record.until(lambda: not record.ready, f'a loss by {name}', _LOSS_S)
        began_s = self._loss_s(way, began_s)
        if way.sees:
            self._stop()
        answers = self._held(way)
        healed_s = time.monotonic()
        found = self._found(way)
        recovered_s, silent_s = self._times(began_s, healed_s)
        late = sum(len(record.since(kind, began_s + SILENT_S, healed_s))
                   for kind in ('pose', 'map_to_odom', 'initialpose'))
        return LossRecord(
            name, self._reason(began_s), silent_s, recovered_s,
            len(record.since('initialpose', healed_s)),
            wrong + late + record.wrong_poses('pose', well_s)
            + record.wrong_poses('initialpose', healed_s), tuple(answers + found))

    def _held(self, way: Way) -> list[str]:
        """Let images come while somebody says that the robot is lost; return false answers."""
        if not way.lasts:
            return []
        self._kidnap()
        success, message = self._answer(self._asked())
        time.sleep(_HELD_S)
        return [f'found, while lost: {message}'] if success else []

    def _found(self, way: Way) -> list[str]:
        """Heal, and let the robot be found; return false answers."""
        self._search_for(_SEARCH_S)
        self._relay.heal(way)
        asked = self._asked()
        if not way.lasts:
            self._kidnap()
        success, message = self._answer(asked)
        record = self._record
        if success:
            record.until(lambda: record.ready, 'the word on ready that was promised', _SEARCH_S)
        time.sleep(_REST_S)
        return [] if success == record.ready else [f'ready is {record.ready}, but: {message}']

    def _loss_s(self, way: Way, told_s: float) -> float:
        """Return when the robot was to be lost."""
        if way.sees:  # with the image that was one too many
            return self._record.until(
                lambda: [at_s for at_s, status in self._record.said['status']
                         if at_s >= told_s and status['event'] == 'lost'],
                'the status of the loss', _LOSS_S)[0]
        if way.waits == 'trust_time':
            told_s = self._record.since('pose', 0)[-1][0]
        return told_s + self.plan.get(way.waits, 0.0)

    def _times(self, began_s: float, healed_s: float) -> tuple[Optional[float], Optional[float]]:
        """Return (time to recover, time to silence), seconds."""
        record = self._record
        words = [at_s for kind in ('pose', 'map_to_odom')
                 for at_s, _ in record.since(kind, began_s, healed_s)]
        words += [at_s for at_s, ready in record.since('ready', began_s, healed_s)
                  if not ready][:1]
        found = [at_s for at_s, ready in record.since('ready', healed_s) if ready]
        return (found[0] - max(healed_s, self._first_image_s) if found else None,
                max(words) - began_s if words else 0.0)

    def _reason(self, began_s: float) -> str:
        statuses = self._record.since('status', began_s - SILENT_S)
        events = [status['reason'] for _, status in statuses if status['event'] == 'lost']
        return events[0] if events else ''

    def _kidnap(self) -> None:
        """Play another part of the route, with an odometry that begins anew."""
        firsts = self.plan['firsts']
        self._place = (self._place + self._random.randrange(1, len(firsts))) % len(firsts)
        start = [self._random.uniform(-9.0, 9.0), self._random.uniform(-9.0, 9.0), 0.0,
                 self._random.uniform(-180.0, 180.0)]
        self._calls.set_parameters(_PLAYER, {
            **self.plan['player'], 'first': firsts[self._place], 'odometry_start': start})
        self._stop()
        before = self._record.seen
        self._calls.trigger(f'{_PLAYER}/play')
        self._record.until(lambda: self._record.seen > before, 'an image', _FIRST_S)
        self._first_image_s = time.monotonic()

    def _stop(self) -> None:
        """Let no image come; there may be none any more."""
        self._calls.answer(self._calls.call(Trigger, f'{_PLAYER}/stop', Trigger.Request()),
                           'the player')

    def _search_for(self, seconds: float) -> None:
        self._calls.set_parameters(_RELOCALISER, {'relocalise_timeout': seconds})

    def _asked(self) -> Future:
        """Call ~/relocalise; return what its answer comes in."""
        return self._calls.call(Trigger, f'{_RELOCALISER}/relocalise', Trigger.Request())

    def _answer(self, asked: Future) -> tuple[bool, str]:
        """Return whether ~/relocalise says that the robot was found, and its sentence."""
        answer = self._calls.answer(asked, '~/relocalise', _FIRST_S)
        return answer.success, answer.message


def _driven(node: Node, plan: dict[str, Any], _: Path, tell: Tell) -> dict[str, Any]:
    drive = Drive(node, plan)
    if plan['seconds']:
        return {'elsewhere': drive.elsewhere(plan['seconds'])}
    return {'losses': drive.lost_and_found(plan['count'], tell)}


if __name__ == '__main__':
    sys.exit(conduct('drive_conductor', __doc__.splitlines()[0], _driven))
