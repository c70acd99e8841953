# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``demo``: map from camera topics, kidnap the robot, find it again."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
from pathlib import Path
import selectors
import sys
from typing import Any, TextIO

from tqdm import tqdm

from scene_reloc_ros.cli.arguments import add_output
from scene_reloc_ros.cli.demo.plan import Bound, demo_plan
from scene_reloc_ros.cli.demo.plot import plot_demo
from scene_reloc_ros.cli.demo.processes import ChildProcess, stop_all
from scene_reloc_ros.cli.demo.summary import summarise_demo
from scene_reloc_ros.mapping.presets import PRESETS

_POLL_S = 0.5
_TERMINAL_S, _FILE_S = 0.2, 15.0  # how often a bar is drawn again
_RELIABLE = {'qos_overrides./image.subscription.reliability': 'reliable'}
_BAR = '{desc:<28}{percentage:3.0f}%|{bar:30}| {elapsed}{postfix}'


class DemoFailure(RuntimeError):
    """A process of the demo failed; the text says which and why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument('--sequence', help='folder of a recorded sequence instead of the '
                        'simulated room; map.txt and validation.txt in it name the two routes')
    add_output(parser, '--out', folder=True, default='demo_output',
               help='folder for picture, results and logs (demo_output)')
    parser.add_argument('--minutes', type=float, default=7.0,
                        help='bound on the mapping: encoding, training and check (7)')
    parser.add_argument('--preset', default='standard', choices=tuple(PRESETS),
                        help='effort of the training, shortened to --minutes (standard)')
    parser.add_argument('--frames-map', type=int, help='frames of the first route')
    parser.add_argument('--frames-query', type=int, help='frames of the second route')
    parser.add_argument('--quick', action='store_true', help='short routes, to try it out')
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'),
                        help='where the network runs (auto)')
    parser.add_argument('--seed', type=int, default=0, help='seed of drift and training (0)')


def run(args: argparse.Namespace) -> int:
    """Run the demo; returns 0 only if the robot was found, else 1.

    Raises ValueError for a sequence that cannot be played, RuntimeError where a process fails.
    """
    if importlib.util.find_spec('rclpy') is None:
        raise DemoFailure('no ROS 2 client library in this Python; run scripts/setup, or source '
                          'the setup.bash of a ROS 2 installation')
    plan, bound = demo_plan(args)
    results = _conduct(plan, args)
    summary = summarise_demo(results, bound)
    picture = args.out / 'demo.png'
    plot_demo(results, picture)
    _print_table(summary, results, bound, picture)
    return 0 if summary['found'] else 1


def _conduct(plan: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Start the processes, follow the conductor, stop everything; returns its results."""
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    plan_path, results_path = out / 'plan.json', out / 'results.json'
    plan_path.write_text(json.dumps(plan, indent=1))
    results_path.unlink(missing_ok=True)
    print('Three nodes on real ROS 2 topics: dataset_player, mapper, relocaliser '
          f'(logs in {args.out})')
    children = []
    try:
        for name, parameters in _node_parameters(args, out).items():
            children.append(ChildProcess(
                name, f'scene_reloc_ros.ros.{name}', _ros_arguments(parameters),
                out / f'{name}.log'))
        read_fd, write_fd = os.pipe()
        conductor = ChildProcess(
            'demo_conductor', 'scene_reloc_ros.ros.demo.conductor',
            ['--plan', str(plan_path), '--out', str(results_path), '--progress', str(write_fd)],
            out / 'demo_conductor.log', pass_fds=(write_fd,))
        os.close(write_fd)
        with os.fdopen(read_fd) as progress:
            children.append(conductor)
            _follow(progress, children)
    finally:
        stop_all(children)
    if not results_path.is_file():
        raise DemoFailure(conductor.failure)
    return json.loads(results_path.read_text())


def _node_parameters(args: argparse.Namespace, out: Path) -> dict[str, dict[str, Any]]:
    """Return {node: ROS parameters}; images are wanted reliably, for none may be missed."""
    return {
        'dataset_player': {'wait_for_subscribers': 2, 'wait_timeout': 60.0, 'pace_timeout': 5.0},
        'mapper': {
            'folder': str(out / 'mapper'), 'minutes': args.minutes, 'preset': args.preset,
            'device': args.device, 'seed': args.seed, 'key_frame_translation': 0.01,
            'key_frame_rotation': 0.5, 'tf_wait': 2.0, 'niceness': 0,
            # frames are left out and played at any pace: how fast they follow says nothing
            'pose_speed_limit': 0.0, 'pose_turn_limit': 0.0, **_RELIABLE},
        'relocaliser': {
            'map_ready_topic': '/mapper/map_ready', 'device': args.device, 'seed': args.seed,
            'tf_wait': 2.0, 'relocalise_timeout': 60.0, 'image_timeout': 60.0, **_RELIABLE}}


def _ros_arguments(parameters: dict[str, Any]) -> list[str]:
    """Return parameters as arguments of a node."""
    arguments = ['--ros-args']
    for name, value in parameters.items():
        arguments += ['-p', f'{name}:={value}']
    return arguments


def _follow(progress: TextIO, children: list[ChildProcess]) -> None:
    """Show progress until the conductor, the last child, ends; DemoFailure where one fails."""
    bars = _Bars()
    with selectors.DefaultSelector() as selector:
        selector.register(progress, selectors.EVENT_READ)
        try:
            while True:
                for child in children[:-1]:
                    if child.exit_code is not None:
                        raise DemoFailure(child.failure)
                if not selector.select(_POLL_S):
                    continue
                line = progress.readline()
                if not line:
                    return
                message = json.loads(line)
                if 'error' in message:
                    raise DemoFailure(message['error'])
                bars.show(message)
        finally:
            bars.close()


class _Bars:
    """One progress bar for each part of the demo."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._bar: tqdm | None = None

    def show(self, message: dict[str, Any]) -> None:
        """Move the bar of the message's stage, or begin it."""
        if message['stage'] != self._stage:
            self.close()
            self._stage = message['stage']
            interval_s = _TERMINAL_S if sys.stdout.isatty() else _FILE_S
            self._bar = tqdm(total=1.0, desc=self._stage, bar_format=_BAR, file=sys.stdout,
                             mininterval=interval_s)
        assert self._bar is not None
        self._bar.set_postfix_str(message['text'], refresh=False)
        self._bar.update(message['fraction'] - self._bar.n)

    def close(self) -> None:
        """End the present bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _median_text(summary: dict[str, Any]) -> str:
    if summary['median_translation_m'] is None:
        return 'none: no frame was accepted'
    return (f'{100 * summary["median_translation_m"]:.1f} cm, '
            f'{summary["median_rotation_deg"]:.2f} degrees')


def _print_table(summary: dict[str, Any], results: dict[str, Any], bound: Bound,
                 picture: Path) -> None:
    latency = summary['latency_ms']
    rows = (
        ('key frames, training', f'{results["keyframes"]}, {results["training_s"]:.0f} s'),
        ('frames', summary['frames']),
        ('accepted', summary['accepted']),
        ('median error', _median_text(summary)),
        ('within 5 cm, 5 degrees', f'{summary["recall_5cm_5deg"]:.1%}'),
        ('within 10 cm, 5 degrees', f'{summary["recall_10cm_5deg"]:.1%}'),
        ('latency', f'{latency["median"]:.0f} ms median, {latency["p95"]:.0f} ms of 95 %'),
        ('/tf beside ~/pose', f'{1000 * summary["tf_deviation_m"]:.2f} mm apart at most'),
        ('~/relocalise', results['relocalise']['message']),
        ('picture', picture))
    print()
    for name, value in rows:
        print(f'  {name:<24} {value}')
    verdict = 'FOUND' if summary['found'] else 'NOT FOUND'
    print(f'\n{verdict}: {summary["share"]:.1%}; asked for {bound}')
    if not summary['accepted']:
        print(f'most frequent answer: {summary["most_frequent_reason"]}')
