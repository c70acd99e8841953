# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``: images to a trajectory."""

from collections import Counter
from contextlib import closing

from scene_reloc_ros.cli.arguments import add_device, add_output, add_sequence, read_sequence
from scene_reloc_ros.cli.queries import add_depth, open_localiser
from scene_reloc_ros.cli.terminal import ELSEWHERE, ProgressBars
from scene_reloc_ros.datasets.stamped_lines import tum_line
from scene_reloc_ros.files.outputs import GrowingText

_NAMED = 5  # frames that are named where they cannot be read, count
_MOST_UNREADABLE = 1 / 3  # of the frames; more of them are an error


def add_arguments(parser):
    """Declare the options of ``localise``."""
    parser.add_argument('map', metavar='MAP', help='map file')
    add_sequence(parser)
    add_output(parser, '--out', metavar='TRAJECTORY.tum', default='trajectory.tum',
               help='poses map_from_cam in TUM format (trajectory.tum)')
    add_depth(parser)
    add_device(parser)


def run(args):
    """Write the poses of all frames that were localised, as they come.

    A frame that cannot be read is left out and named.
    """
    _, localiser = open_localiser(args)
    frames = read_sequence(args)
    localised, rejections, unreadable = 0, Counter(), []
    with ProgressBars() as bars, closing(GrowingText(args.out)) as trajectory:
        trajectory.write('# stamp tx ty tz qx qy qz qw (map_from_cam)\n')
        for index, name in enumerate(frames.names):
            bars('localising', (index + 1) / len(frames), name)
            try:
                frame = frames.query(index, args.depth)
            except ValueError as error:
                unreadable.append(str(error))
                continue
            found = localiser.localise(frame.image, frame.camera, frame.depth_m)
            if found.accepted:
                localised += 1
                trajectory.write(tum_line(frame.stamp_ns, found.map_from_cam))
            else:
                rejections[found.rejection] += 1
    print(f'{localised} of {len(frames)} frames localised, written to {trajectory.path}')
    for rejection, count in rejections.most_common():
        print(f'  {count} rejected: {rejection.sentence}')
    code = _told(unreadable, len(frames))
    return code if trajectory.path == args.out else ELSEWHERE


def _told(unreadable, count):
    """Print what could not be read; return 2 where it is more than a third of the frames."""
    for sentence in unreadable[:_NAMED]:
        print(f'  left out: {sentence}')
    if len(unreadable) > _NAMED:
        print(f'  and {len(unreadable) - _NAMED} more')
    return 2 if len(unreadable) > _MOST_UNREADABLE * count else 0
