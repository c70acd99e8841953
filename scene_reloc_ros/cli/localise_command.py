# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``: images to a trajectory."""

from collections import Counter

from scene_reloc_ros.cli.arguments import add_device, add_sequence, checked_output, read_sequence
from scene_reloc_ros.cli.queries import add_depth, open_localiser
from scene_reloc_ros.cli.terminal import ProgressBars
from scene_reloc_ros.datasets.stamped_lines import tum_line


def add_arguments(parser):
    """Declare the options of ``localise``."""
    parser.add_argument('map', metavar='MAP', help='map file')
    add_sequence(parser)
    parser.add_argument('--out', metavar='TRAJECTORY.tum', default='trajectory.tum',
                        help='poses map_from_cam in TUM format (trajectory.tum)')
    add_depth(parser)
    add_device(parser)


def run(args):
    """Write the poses of all frames that were localised."""
    out = checked_output(args.out)
    _, localiser = open_localiser(args)
    frames = read_sequence(args)
    lines, rejections = [], Counter()
    with ProgressBars() as bars:
        for index in range(len(frames)):
            frame = frames[index]
            found = localiser.localise(frame.image, frame.camera,
                                       frame.depth_m if args.depth else None)
            if found.accepted:
                lines.append(tum_line(frame.stamp_ns, found.map_from_cam))
            else:
                rejections[found.rejection] += 1
            bars('localising', (index + 1) / len(frames), frame.name)
    out.write_text('# stamp tx ty tz qx qy qz qw (map_from_cam)\n' + ''.join(lines))
    print(f'{len(lines)} of {len(frames)} frames localised, written to {out}')
    for rejection, count in rejections.most_common():
        print(f'  {count} rejected: {rejection.sentence}')
    return 0
