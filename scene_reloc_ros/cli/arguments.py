# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands share."""

from pathlib import Path

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.network.device import DEVICES


def add_sequence(parser):
    """Declare SEQUENCE and --frames."""
    parser.add_argument('sequence', metavar='SEQUENCE', help='folder of a recording or a 7-Scenes '
                        'sequence, or simulated:survey')
    parser.add_argument('--frames', metavar='LIST', help='file with one frame name a line '
                        '(default: all frames)')
    parser.add_argument('--rectified', action='store_true', help='the pictures are rectified: '
                        'use projection_matrix of the camera.yaml, and no distortion')


def add_device(parser):
    """Declare --device."""
    parser.add_argument('--device', default='auto', choices=DEVICES,
                        help='where the networks run (auto)')


def add_json(parser):
    """Declare --json."""
    parser.add_argument('--json', metavar='FILE', help='write the figures to this file')


def read_sequence(args):
    """Return the frames that the arguments name."""
    sequence = open_sequence(args.sequence, args.rectified)
    return sequence.select(read_frame_list(args.frames)) if args.frames else sequence


def checked_output(path):
    """Return a path whose folder exists; found out before the work, not after it."""
    path = Path(path)
    if not path.parent.is_dir():
        raise ValueError(f'folder {path.parent} of {path.name} does not exist; create it')
    if path.is_dir():
        raise ValueError(f'{path} is a folder; give the name of a file')
    return path
