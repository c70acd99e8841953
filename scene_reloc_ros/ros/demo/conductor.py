# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Conducts the demo over topics and services: survey, training, kidnapping, return.

Run as ``python -m scene_reloc_ros.ros.demo.conductor --plan plan.json --out results.json
--progress FD``; progress goes to the file descriptor FD, one line of JSON each: stage, fraction,
text. Exit code 1 and a line with 'error' where a node answers no.
"""

from __future__ import annotations

from pathlib import Path
import sys
import time
from typing import Any

import cv2
from rclpy.node import Node
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.demo.conducting import conduct, Tell
from scene_reloc_ros.ros.demo.observer import DemoObserver
from scene_reloc_ros.ros.demo.service_calls import DemoError, refuse_late, ServiceCalls

_LOAD_S = 180.0  # a map is loaded and its network warmed up within this time
_LAST_ANSWERS_S = 3.0


class Conductor:
    """Tells the three nodes what to do, one part after the other."""

    def __init__(self, node: Node, plan: dict[str, Any], say: Tell) -> None:
        """Join the graph.

        Args:
            node: that another thread spins.
            plan: dict with frames (map, odom, base, camera), survey and return (parameters of
                the dataset player), training_timeout_s, playback_timeout_s.
            say: called with (stage, fraction, text).
        """
        self._plan, self._say = plan, say
        self._observer = DemoObserver(node, plan['frames'])
        self._calls = ServiceCalls(node)

    def conduct(self, picture_path: Path) -> dict[str, Any]:
        """Run all parts; returns the results and writes the picture with inliers."""
        started_s = time.monotonic()
        survey = self._survey()
        trained_s = time.monotonic()
        map_path = self._train()
        training_s = time.monotonic() - trained_s
        answer = self._return()
        stamp_ns, image = self._observer.picture
        if image is not None:
            cv2.imwrite(str(picture_path), image)
        return {
            'survey_route': survey, 'keyframes': self._keyframes, 'map': map_path,
            'training_s': round(training_s, 1), 'relocalise': answer,
            'seconds': round(time.monotonic() - started_s, 1),
            'picture': None if image is None else str(picture_path),
            'picture_stamp_ns': stamp_ns, 'frames': self._observer.records()}

    def _survey(self) -> list[list[float]]:
        """Drive the first route with a working SLAM while the mapper records."""
        self._calls.set_parameters('/dataset_player', self._plan['survey'])
        self._calls.trigger('/mapper/start')
        self._play('survey')
        self._keyframes = self._observer.latest['/mapper/status']['keyframes']
        self._calls.trigger('/mapper/stop')
        return self._observer.route()

    def _train(self) -> str:
        """Train and wait until the relocaliser has loaded the map; returns the map's path."""
        observer = self._observer
        self._calls.trigger('/mapper/train')
        deadline = time.monotonic() + self._plan['training_timeout_s']
        while observer.map_path is None:
            status = observer.latest['/mapper/status']
            if status['reason'] in ('failed', 'cancelled'):
                raise DemoError(f'the training failed: {status["sentence"]}')
            refuse_late(deadline, 'the map')
            if observer.progress is not None:
                progress = observer.progress
                self._say(f'training: {progress["stage"]}', progress['fraction'],
                          progress['text'])
            self._wait(0.2)
        deadline = time.monotonic() + _LOAD_S
        while observer.latest.get('/relocaliser/status', {}).get('map') != observer.map_path:
            refuse_late(deadline, 'the relocaliser with the new map')
            self._wait(0.2)
        return observer.map_path

    def _return(self) -> dict[str, Any]:
        """Kidnap the robot and let the relocaliser find it; returns its answer."""
        self._observer.clear()
        self._observer.watch_pictures()
        self._calls.set_parameters('/dataset_player', self._plan['return'])
        answer = self._calls.call(Trigger, '/relocaliser/relocalise', Trigger.Request())
        self._play('return')
        deadline = time.monotonic() + _LAST_ANSWERS_S
        while (self._observer.answered < self._observer.played
               and time.monotonic() < deadline):
            self._wait(0.1)
        if not answer.done():
            return {'success': False, 'message': 'still trying when the route had ended'}
        return {'success': answer.result().success, 'message': answer.result().message}

    def _play(self, stage: str) -> None:
        """Play one route to its end."""
        observer = self._observer
        observer.finished = None
        self._calls.trigger('/dataset_player/play')
        deadline = time.monotonic() + self._plan['playback_timeout_s']
        while not (observer.finished and self._status('/dataset_player')['state'] == 'finished'):
            refuse_late(deadline, f'the end of the route {stage}')
            status = self._status('/dataset_player')
            if status.get('state') == 'playing':
                self._say(stage, status['frame'] / status['frames'], self._caption(stage))
            self._wait(0.2)
        if 'playback ended' in self._status('/dataset_player')['sentence']:
            raise DemoError(self._status('/dataset_player')['sentence'])
        self._say(stage, 1.0, self._caption(stage))

    def _caption(self, stage: str) -> str:
        if stage == 'survey':
            return f'{self._status("/mapper").get("keyframes", 0)} key frames'
        status = self._status('/relocaliser')
        return f'{status.get("state")}, {status.get("inliers", 0)} inliers'

    def _status(self, node: str) -> dict[str, Any]:
        return self._observer.latest.get(f'{node}/status', {'state': None})

    def _wait(self, seconds: float) -> None:
        with self._observer.changed:
            self._observer.changed.wait(seconds)


def _conducted(node: Node, plan: dict[str, Any], out: Path, tell: Tell) -> dict[str, Any]:
    return Conductor(node, plan, tell).conduct(out.with_name('inliers.png'))


if __name__ == '__main__':
    sys.exit(conduct('demo_conductor', __doc__.splitlines()[0], _conducted))
