# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.time_shift import ShiftedPoses
from scene_reloc_ros.network.device import DEVICES

_LARGEST_OFFSET_MS = 10_000.0  # that a clock of camera or poses may be off by


def add_sequence(parser: argparse.ArgumentParser) -> None:
    """Declare SEQUENCE and what is taken of it."""
    parser.add_argument('sequence', metavar='SEQUENCE', help='folder of a recording or a 7-Scenes '
                        'sequence, or simulated:survey')
    add_selection(parser)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Declare --frames, and how a sequence is read."""
    parser.add_argument('--frames', metavar='LIST', help='file with one frame name a line '
                        '(default: all frames)')
    parser.add_argument('--rectified', action='store_true', help='the pictures are rectified: '
                        'use projection_matrix of the camera.yaml, and no distortion')
    parser.add_argument('--time-offset', type=float, default=0.0, metavar='MS',
                        help='take the pose of each picture this long after its stamp, as info '
                        'says where clocks differ (0 ms)')


def add_device(parser: argparse.ArgumentParser) -> None:
    """Declare --device."""
    parser.add_argument('--device', default='auto', choices=DEVICES,
                        help='where the networks run (auto)')


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare --json."""
    add_output(parser, '--json', metavar='FILE', help='write the figures to this file')


def read_sequence(args: argparse.Namespace) -> Sequence:
    """Return the frames that the arguments name."""
    if not abs(args.time_offset) <= _LARGEST_OFFSET_MS:
        raise ValueError(f'--time-offset is {args.time_offset}; expected milliseconds, at most '
                         f'{_LARGEST_OFFSET_MS:g} either way')
    sequence = open_sequence(args.sequence, args.rectified)
    if args.time_offset:
        sequence = ShiftedPoses(sequence, args.time_offset / 1000)
    return sequence.select(read_frame_list(args.frames)) if args.frames else sequence


def add_output(parser: argparse.ArgumentParser, name: str, *, folder: bool = False,
               **settings: Any) -> None:
    """Declare an option that names a file, or a folder, that the command writes.

    ``try_outputs`` tries it before the work.
    """
    action = parser.add_argument(name, **settings)
    parser.set_defaults(outputs={**(parser.get_default('outputs') or {}), action.dest: folder})
