# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``demo``: map from camera topics, kidnap the robot, find it again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scene_reloc_ros.cli.arguments import add_output
from scene_reloc_ros.cli.demo.conducted import conducted, refuse_without_ros, ros_arguments
from scene_reloc_ros.cli.demo.plan import Bound, demo_plan
from scene_reloc_ros.cli.demo.plot import plot_demo
from scene_reloc_ros.cli.demo.summary import summarise_demo
from scene_reloc_ros.mapping.presets import PRESETS

_RELIABLE = {'qos_overrides./image.subscription.reliability': 'reliable'}


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
    refuse_without_ros()
    plan, bound = demo_plan(args)
    results = _conduct(plan, args)
    summary = summarise_demo(results, bound)
    picture = args.out / 'demo.png'
    plot_demo(results, picture)
    _print_table(summary, results, bound, picture)
    return 0 if summary['found'] else 1


def _conduct(plan: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Run the three nodes and what conducts them; returns its results."""
    out = args.out.resolve()
    print('Three nodes on real ROS 2 topics: dataset_player, mapper, relocaliser '
          f'(logs in {args.out})')
    return conducted('demo_conductor', 'scene_reloc_ros.ros.demo.conductor', plan, {
        name: ros_arguments(parameters)
        for name, parameters in _node_parameters(args, out).items()}, out)


def _node_parameters(args: argparse.Namespace, out: Path) -> dict[str, dict[str, Any]]:
    """Return {node: ROS parameters}; images are wanted reliably, for none may be missed."""
    return {
        'dataset_player': {'wait_for_subscribers': 2, 'wait_timeout': 60.0, 'pace_timeout': 5.0},
        'mapper': {
            'folder': str(out / 'mapper'), 'minutes': args.minutes, 'preset': args.preset,
            'instant_map': 0.0,  # the demo waits for the trained map
            'device': args.device, 'seed': args.seed, 'key_frame_translation': 0.01,
            'key_frame_rotation': 0.5, 'tf_wait': 2.0, 'niceness': 0,
            # frames are left out and played at any pace: how fast they follow says nothing
            'pose_speed_limit': 0.0, 'pose_turn_limit': 0.0, **_RELIABLE},
        'relocaliser': {
            'map_ready_topic': '/mapper/map_ready', 'device': args.device, 'seed': args.seed,
            'tf_wait': 2.0, 'relocalise_timeout': 60.0, 'image_timeout': 60.0, **_RELIABLE}}


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
