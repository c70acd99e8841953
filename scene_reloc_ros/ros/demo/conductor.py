# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Conducts the demo over topics and services: survey, training, kidnapping, return.

Run as ``python -m scene_reloc_ros.ros.demo.conductor --plan plan.json --out results.json
--progress FD``; progress goes to the file descriptor FD, one line of JSON each: stage, fraction,
text. Exit code 1 and a line with 'error' where a node answers no.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
import os
from pathlib import Path
import sys
import time
from typing import Any

import cv2
from rcl_interfaces.srv import SetParametersAtomically
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.demo.observer import DemoObserver
from scene_reloc_ros.ros.node.guard import GuardedCallbacks
from scene_reloc_ros.ros.node.threads import guarded_thread

_SERVICE_S = 60.0  # nodes import torch on a busy machine within this time
_LOAD_S = 180.0  # a map is loaded and its network warmed up within this time
_LAST_ANSWERS_S = 3.0


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Conductor:
    """Tells the three nodes what to do, one part after the other."""

    def __init__(self, plan: dict[str, Any], say: Callable[[str, float, str], None]) -> None:
        """Join the graph.

        Args:
            plan: dict with frames (map, odom, base, camera), survey and return (parameters of
                the dataset player), training_timeout_s, playback_timeout_s.
            say: called with (stage, fraction, text).
        """
        self._plan, self._say = plan, say
        self._node = GuardedCallbacks('demo_conductor')
        self._observer = DemoObserver(self._node, plan['frames'])
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = guarded_thread(self._spin, 'conductor')

    def start(self) -> None:
        """Begin to listen; once only."""
        self._thread.start()

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._thread.join(2.0)

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
        self._configure_player(self._plan['survey'])
        self._trigger('/mapper/start')
        self._play('survey')
        self._keyframes = self._observer.latest['/mapper/status']['keyframes']
        self._trigger('/mapper/stop')
        return self._observer.route()

    def _train(self) -> str:
        """Train and wait until the relocaliser has loaded the map; returns the map's path."""
        observer = self._observer
        self._trigger('/mapper/train')
        deadline = time.monotonic() + self._plan['training_timeout_s']
        while observer.map_path is None:
            status = observer.latest['/mapper/status']
            if status['reason'] in ('failed', 'cancelled'):
                raise DemoError(f'the training failed: {status["sentence"]}')
            self._refuse_late(deadline, 'the map')
            if observer.progress is not None:
                progress = observer.progress
                self._say(f'training: {progress["stage"]}', progress['fraction'],
                          progress['text'])
            self._wait(0.2)
        deadline = time.monotonic() + _LOAD_S
        while observer.latest.get('/relocaliser/status', {}).get('map') != observer.map_path:
            self._refuse_late(deadline, 'the relocaliser with the new map')
            self._wait(0.2)
        return observer.map_path

    def _return(self) -> dict[str, Any]:
        """Kidnap the robot and let the relocaliser find it; returns its answer."""
        self._observer.clear()
        self._observer.watch_pictures()
        self._configure_player(self._plan['return'])
        answer = self._call(Trigger, '/relocaliser/relocalise', Trigger.Request())
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
        self._trigger('/dataset_player/play')
        deadline = time.monotonic() + self._plan['playback_timeout_s']
        while not (observer.finished and self._status('/dataset_player')['state'] == 'finished'):
            self._refuse_late(deadline, f'the end of the route {stage}')
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

    def _configure_player(self, parameters: dict[str, Any]) -> None:
        request = SetParametersAtomically.Request(parameters=[
            Parameter(name, value=value).to_parameter_msg()
            for name, value in parameters.items()])
        future = self._call(SetParametersAtomically,
                            '/dataset_player/set_parameters_atomically', request)
        result = self._wait_for(future, _SERVICE_S, 'the parameters of the player').result
        if not result.successful:
            raise DemoError(f'the player refuses its parameters: {result.reason}')

    def _trigger(self, name: str) -> None:
        response = self._wait_for(self._call(Trigger, name, Trigger.Request()), 2 * _SERVICE_S,
                                  name)
        if not response.success:
            raise DemoError(f'{name} answers: {response.message}')

    def _call(self, service_type: type, name: str, request: Any) -> Future:
        client = self._node.create_client(service_type, name)
        if not client.wait_for_service(_SERVICE_S):
            raise DemoError(f'service {name} did not appear within {_SERVICE_S:.0f} s')
        return client.call_async(request)

    def _wait_for(self, future: Future, timeout_s: float, what: str) -> Any:
        deadline = time.monotonic() + timeout_s
        while not future.done():
            self._refuse_late(deadline, f'the answer of {what}')
            time.sleep(0.02)
        return future.result()

    def _refuse_late(self, deadline: float, what: str) -> None:
        if time.monotonic() > deadline:
            raise DemoError(f'{what} did not come in time')

    def _wait(self, seconds: float) -> None:
        with self._observer.changed:
            self._observer.changed.wait(seconds)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return


def main() -> int:
    """Conduct a demo; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--plan', type=Path, required=True, help='plan, a JSON file')
    parser.add_argument('--out', type=Path, required=True, help='results, a JSON file')
    parser.add_argument('--progress', type=int, required=True, help='a file descriptor')
    arguments = parser.parse_args()

    def tell(**fields: Any) -> None:
        os.write(arguments.progress, (json.dumps(fields) + '\n').encode())
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    conductor = Conductor(json.loads(arguments.plan.read_text()),
                          lambda stage, fraction, text: tell(
                              stage=stage, fraction=fraction, text=text))
    conductor.start()
    try:
        results = conductor.conduct(arguments.out.with_name('inliers.png'))
        arguments.out.write_text(json.dumps(results))
    except (DemoError, OSError) as error:
        tell(error=str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        conductor.close()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
