# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``drive``: a robot is lost in every way, kidnapped, and has to be found again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scene_reloc_ros.cli.arguments import add_device, add_output
from scene_reloc_ros.cli.demo.conducted import conducted, refuse_without_ros, ros_arguments
from scene_reloc_ros.cli.demo.plan import FRAMES
from scene_reloc_ros.cli.drive.plan import map_of, OTHER_ROOM, parts_of, ROOM
from scene_reloc_ros.cli.drive.table import print_elsewhere, print_losses
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.evaluation.loss_ways import WAYS

_CONDUCTOR = 'scene_reloc_ros.ros.demo.drive.drive'
_PART_S = 15.0  # of a route between two places; a loss with all that follows takes about ten
_TRUST = {'trust_time': 4.0, 'odometry_gap_limit': 0.4}  # seconds
_RELIABLE = {'qos_overrides./image.subscription.reliability': 'reliable'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument('--sequence', default=ROOM, help='folder of a sequence with poses, or '
                        'simulated:ROUTE (the simulated room)')
    parser.add_argument('--map', type=Path, help='map of its place (default: one of every third '
                        'frame is made, by cells)')
    parser.add_argument('--other-map', type=Path, help='map of another place (default: of '
                        'another simulated room)')
    parser.add_argument('--losses', type=int, default=20, help='how often the robot is lost, '
                        'one way after the other (20)')
    parser.add_argument('--way', action='append', choices=tuple(WAYS), help='only that way; may '
                        'be given several times')
    parser.add_argument('--rate', type=float, default=8.0, help='images a second (8)')
    parser.add_argument('--seconds', type=float, default=20.0, help='how long the map of another '
                        'place is tried; 0: not (20)')
    add_output(parser, '--out', folder=True, default='drive_output',
               help='folder for maps, results and logs (drive_output)')
    add_device(parser)
    parser.add_argument('--seed', type=int, default=0, help='seed of drift and places (0)')


def run(args: argparse.Namespace) -> int:
    """Drive; returns 0 only if every loss was told, and every recovery right, else 1.

    Raises ValueError for a sequence that cannot be driven, RuntimeError where a process fails.
    """
    refuse_without_ros()
    _refuse_useless(args)
    length = int(_PART_S * args.rate)
    sequence = open_sequence(args.sequence)
    plan = {'frames': FRAMES, 'firsts': parts_of(sequence, length), 'ways': args.way or list(WAYS),
            'count': args.losses, 'seconds': 0.0, 'seed': args.seed, **_TRUST,
            'player': {'count': length, 'rate': args.rate, 'pace_topic': ''}}
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    well = True
    if args.losses:
        scene_map = args.map or _made(args, sequence.names, args.sequence, 'place')
        losses = _driven(args, plan, scene_map, out / 'drive')['losses']
        well = print_losses(losses)
    if args.seconds:
        other = open_sequence(OTHER_ROOM).names
        scene_map = args.other_map or _made(args, other, OTHER_ROOM, 'elsewhere')
        found = _driven(args, {**plan, 'seconds': args.seconds}, scene_map, out / 'elsewhere')
        well = print_elsewhere(found['elsewhere']) and well
    return 0 if well else 1


def _refuse_useless(args: argparse.Namespace) -> None:
    for name, least in (('losses', 0), ('seconds', 0.0), ('rate', 1.0)):
        if not getattr(args, name) >= least:
            raise ValueError(f'--{name} is {getattr(args, name)}; expected at least {least}')
    for path in (args.map, args.other_map):
        if path is not None and not path.is_file():
            raise ValueError(f'map file {path} does not exist; make one with scene_reloc map, or '
                             'leave the option out')


def _made(args: argparse.Namespace, names: list[str], sequence: str, name: str) -> Path:
    print(f'making a map of {sequence}')
    return map_of(sequence, names, args.out.resolve() / name, args.device)


def _driven(args: argparse.Namespace, plan: dict[str, Any], scene_map: Path,
            out: Path) -> dict[str, Any]:
    """Run player, relocaliser and what conducts them; returns its results."""
    player = {'sequence': args.sequence, 'wait_timeout': 60.0, 'publish_depth': False}
    relocaliser = {
        'map': f'"{scene_map.resolve()}"', 'device': args.device, 'image_timeout': 1.0,
        'tf_wait': 0.3, 'watch_diagnostics': '"drive*"', **_TRUST, **_RELIABLE}
    return conducted('drive_conductor', _CONDUCTOR, plan, {
        'dataset_player': ros_arguments(player, {'/tf': '/tf_played', 'odom': 'odom_played'}),
        'relocaliser': ros_arguments(relocaliser)}, out)
