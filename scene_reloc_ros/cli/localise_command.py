# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``: images to a trajectory."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import closing
from typing import Any

from scene_reloc_ros.cli.arguments import (
    add_device,
    add_json,
    add_output,
    add_sequence,
    read_sequence,
)
from scene_reloc_ros.cli.queries import add_depth, add_maps, open_maps
from scene_reloc_ros.cli.terminal import ELSEWHERE, ProgressBars, write_json
from scene_reloc_ros.datasets.readable_frames import UnusableFrames
from scene_reloc_ros.datasets.stamped_lines import tum_line
from scene_reloc_ros.files.outputs import GrowingText
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.localisation import answer_fields
from scene_reloc_ros.uncertainty.rejection import Rejection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``localise``."""
    add_maps(parser)
    add_sequence(parser)
    add_output(parser, '--out', metavar='TRAJECTORY.tum', default='trajectory.tum',
               help='poses map_from_cam in TUM format (trajectory.tum)')
    add_depth(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the poses of all frames that were localised, as they come.

    A frame that cannot be read is left out and named; ValueError where it is every third.
    """
    localiser = CameraWatch(open_maps(args)[1])
    frames = read_sequence(args)
    rejections: Counter[Rejection] = Counter()
    unreadable: list[str] = []
    answers: list[dict[str, Any]] = []
    localised = 0
    with ProgressBars() as bars, closing(GrowingText(args.out)) as trajectory:
        trajectory.write('# stamp tx ty tz qx qy qz qw (map_from_cam)\n')
        for index, name in enumerate(frames.names):
            bars('localising', (index + 1) / len(frames), name)
            try:
                frame = frames.query(index, args.depth)
                found = localiser.localise(frame.image, frame.camera, frame.depth_m)
            except ValueError as error:
                unreadable.append(str(error))
                continue
            answers.append(answer_fields(name, found))
            if found.map_from_cam is not None:
                localised += 1
                trajectory.write(tum_line(frame.stamp_ns, found.map_from_cam))
            elif found.rejection is not None:
                rejections[found.rejection] += 1
    print(f'{localised} of {len(frames)} frames localised, written to {trajectory.path}')
    for rejection, count in rejections.most_common():
        print(f'  {count} rejected: {rejection.sentence}')
    for notice in localiser.notices:
        print(f'  the camera: {notice}')
    left_out = UnusableFrames(len(frames), unreadable)
    for sentence in left_out.sentences:
        print(f'  {sentence}')
    left_out.refuse_too_many()
    written = trajectory.path, write_json(args.json, {
        'frames': len(frames), 'localised': localised, 'camera': list(localiser.notices),
        'rejections': {rejection.code: count for rejection, count in rejections.items()},
        'left_out': left_out.as_dict(), 'answers': answers})
    return 0 if written == (args.out, args.json) else ELSEWHERE
