# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``map``: posed images to a map file."""

from __future__ import annotations

import argparse
from dataclasses import replace
import logging
import math

from scene_reloc_ros.cli.arguments import (
    add_device,
    add_json,
    add_output,
    add_sequence,
    read_sequence,
)
from scene_reloc_ros.cli.map_figures import map_figures, map_rows
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, ProgressBars, write_json
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.features.local_features import EXTRACTORS
from scene_reloc_ros.files.outputs import kept
from scene_reloc_ros.mapping.presets import PRESETS, with_minutes
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.methods.method import MethodOptions
from scene_reloc_ros.methods.registry import method_class, METHODS
from scene_reloc_ros.network.weights import DEFAULT_ENCODER
from scene_reloc_ros.pipeline.conventions.check import check_conventions
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.pose_plausibility import MotionBounds

_OF_SOME = ('encoder', 'features', 'keep')  # options that not every method has
_LEAST_KEPT = 100
_BOUNDS = MotionBounds()

_logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``map``."""
    add_sequence(parser)
    add_output(parser, '--out', metavar='MAP', default='scene.map',
               help='file to write (scene.map)')
    parser.add_argument('--method', metavar='NAME', default='auto', choices=sorted(METHODS),
                        help=f'{", ".join(sorted(METHODS))} (auto: those that held-out frames '
                        'ask for)')
    parser.add_argument('--preset', default='standard', choices=sorted(PRESETS),
                        help='effort (standard)')
    parser.add_argument('--encoder', metavar='NAME',
                        help='encoder of the package, or a file of scene_reloc pretrain, or a '
                        f'.pt checkpoint in the layout of ACE ({DEFAULT_ENCODER})')
    parser.add_argument('--features', metavar='NAME', choices=sorted(EXTRACTORS),
                        help='of sift and hierarchical: sift or orb (sift)')
    parser.add_argument('--keep', metavar='N', type=int,
                        help='of sift and hierarchical: points that the map keeps (all)')
    parser.add_argument('--depth', default='auto', choices=('auto', 'off'),
                        help='use the depth of the frames where they have it (auto)')
    parser.add_argument('--speed-limit', type=float, metavar='M_S', default=_BOUNDS.metres_s,
                        help='a frame that is reached faster is a jump and left out, unless '
                        'several go on from there, or most are as fast; 0: any '
                        f'({_BOUNDS.metres_s:g} m/s)')
    parser.add_argument('--turn-limit', type=float, metavar='DEG_S', default=_BOUNDS.degrees_s,
                        help=f'the same of its rotation ({_BOUNDS.degrees_s:g} degrees/s)')
    parser.add_argument('--minutes', type=float, metavar='M',
                        help='bound on the whole command, its check included, minutes')
    parser.add_argument('--seed', type=int, default=0, help='seed of all random choices (0)')
    add_device(parser)
    add_json(parser)


def _options(args: argparse.Namespace) -> MethodOptions:
    """Return the options of the method that was asked for."""
    if args.keep is not None and args.keep < _LEAST_KEPT:
        raise ValueError(f'keep is {args.keep}; expected at least {_LEAST_KEPT} points')
    preset = method_class(args.method).presets[args.preset]
    if args.minutes is not None:
        preset = with_minutes(preset, args.minutes)
    given = {name: getattr(args, name) for name in _OF_SOME
             if getattr(args, name) is not None}
    for name in given:
        if not hasattr(preset, name):
            raise ValueError(f'--{name} means nothing to the method {args.method}; leave it out')
    return replace(preset, **given, depth=preset.depth and args.depth == 'auto')


def _bounds(args: argparse.Namespace) -> MotionBounds:
    """Return the bounds of motion that were asked for."""
    for name in ('speed_limit', 'turn_limit'):
        if not 0 <= getattr(args, name) < math.inf:
            raise ValueError(f'--{name.replace("_", "-")} is {getattr(args, name)}; expected 0 '
                             'or more')
    return MotionBounds(args.speed_limit, args.turn_limit)


def _warn_of_conventions(frames: Sequence) -> None:
    """Tell what is wrong with poses, camera, depth or clock; it is mapped all the same."""
    report = check_conventions(frames)
    if report.findings:
        _logger.warning('%s', report.sentence)


def run(args: argparse.Namespace) -> int:
    """Map a sequence; Ctrl-C leaves nothing behind."""
    options = _options(args)
    frames = read_sequence(args)
    mapper = Mapper(options, args.device, args.seed, _bounds(args))
    _warn_of_conventions(frames)
    try:
        with ProgressBars() as bars:
            scene_map = mapper.build(frames, bars, began_s=args.began_s)
    except (KeyboardInterrupt, MappingCancelled):
        print('map: cancelled; nothing was written')
        return 130
    out = kept(args.out, scene_map.save)
    figures = map_figures(out, scene_map)
    print_rows(map_rows(figures))
    written = out, write_json(args.json, figures)
    return 0 if written == (args.out, args.json) else ELSEWHERE
