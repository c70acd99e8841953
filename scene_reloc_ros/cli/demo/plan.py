# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the demo plays: two routes through a room, or two parts of a recorded sequence."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list

FRAMES = {'map': 'map', 'odom': 'odom', 'base': 'base_link', 'camera': 'camera_optical_frame'}
KIDNAPPED_START = [-7.0, 4.0, 0.0, 130.0]  # x, y, z in metres and yaw in degrees
_MOST_FRAMES = {'survey': 350, 'return': 120}
_ROOM_FRAMES = {'survey': 300, 'return': 100}
_QUICK_FRAMES = {'survey': 100, 'return': 20}


@dataclass(frozen=True)
class Bound:
    """When the robot counts as found."""

    share: float  # of the frames of the second route
    metres: float
    degrees: float

    def __str__(self) -> str:
        """Return the bound as the demo prints it."""
        return (f'at least {self.share:.0%} of the frames within {self.metres * 100:.0f} cm and '
                f'{self.degrees:.0f} degrees')


ROOM_BOUND = Bound(0.9, 0.05, 5.0)
SEQUENCE_BOUND = Bound(0.5, 0.10, 5.0)


def demo_plan(args: argparse.Namespace) -> tuple[dict[str, Any], Bound]:
    """Return (plan, bound) of the parsed arguments; ValueError names what is missing."""
    parts = _room_parts(args) if args.sequence is None else _sequence_parts(args)
    survey = {**parts['survey'], 'publish_map_to_odom': True, 'rate': 10.0, 'seed': args.seed,
              'odometry_start': [0.0, 0.0, 0.0, 0.0], 'pace_topic': '/mapper/status'}
    back = {**parts['return'], 'publish_map_to_odom': False, 'rate': 5.0, 'seed': args.seed + 1,
            'odometry_start': KIDNAPPED_START, 'pace_topic': '/relocaliser/status'}
    plan = {'frames': FRAMES, 'survey': survey, 'return': back,
            'training_timeout_s': 60 * args.minutes + 900, 'playback_timeout_s': 900}
    return plan, ROOM_BOUND if args.sequence is None else SEQUENCE_BOUND


def _wanted(args: argparse.Namespace, default: dict[str, int]) -> dict[str, int]:
    """Return the number of frames asked for on both routes."""
    default = _QUICK_FRAMES if args.quick else default
    return {'survey': args.frames_map or default['survey'],
            'return': args.frames_query or default['return']}


def _room_parts(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    wanted = _wanted(args, _ROOM_FRAMES)
    lights = {'survey': 'day', 'return': 'evening'}
    return {route: _part(f'simulated:{route}?frames={count}&light={lights[route]}')
            for route, count in wanted.items()}


def _sequence_parts(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Take map.txt and validation.txt of the folder, else its first two thirds and its last."""
    wanted = _wanted(args, _MOST_FRAMES)
    folder = Path(args.sequence)
    lists = {'survey': folder / 'map.txt', 'return': folder / 'validation.txt'}
    if all(path.is_file() for path in lists.values()):
        return {route: _thinned(args.sequence, str(path), 0, len(read_frame_list(path)),
                                wanted[route]) for route, path in lists.items()}
    length = len(open_sequence(args.sequence))
    split = 2 * length // 3
    return {'survey': _thinned(args.sequence, '', 0, split, wanted['survey']),
            'return': _thinned(args.sequence, '', split, length - split, wanted['return'])}


def _thinned(sequence: str, frames: str, first: int, available: int,
             wanted: int) -> dict[str, Any]:
    """Take every n-th frame so that at most ``wanted`` are played."""
    step = max(1, math.ceil(available / wanted))
    return _part(sequence, frames, first, step, math.ceil(available / step))


def _part(sequence: str, frames: str = '', first: int = 0, step: int = 1,
          count: int = 0) -> dict[str, Any]:
    return {'sequence': str(sequence), 'frames': frames, 'first': first, 'step': step,
            'count': count}
