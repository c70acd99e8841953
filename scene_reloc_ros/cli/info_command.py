# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``info``: what is in a map, or in a recording and what is wrong with it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from scene_reloc_ros.cli.arguments import add_json, add_output, add_selection, read_sequence
from scene_reloc_ros.cli.map_figures import map_figures, map_rows
from scene_reloc_ros.cli.sequence_figures import sequence_figures, sequence_rows
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, write_json
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import SIMULATED_PREFIX
from scene_reloc_ros.evaluation.recording_plots import plot_recording
from scene_reloc_ros.evaluation.recording_report import report_recording
from scene_reloc_ros.files.outputs import kept, writable_file
from scene_reloc_ros.mapping.scene_map import checked_transform, SceneMap, Transform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``info``."""
    parser.add_argument('sequence', metavar='MAP|SEQUENCE', help='map file; or folder of a '
                        'recording or a 7-Scenes sequence, or simulated:survey')
    parser.add_argument('--set-transform', nargs='+', metavar='VALUE',
                        help='write into the map where it lies in a frame that several maps '
                        'share: x y z (metres) and qx qy qz qw of common_from_map, as seven '
                        'values or one quoted text; none removes it')
    add_selection(parser)
    add_output(parser, '--plots', metavar='DIR', folder=True,
               help='of a sequence: write recording.png into this folder')
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Say what is in a map file, after its transform was set where asked for, or a sequence."""
    if Path(args.sequence).is_dir() or args.sequence.startswith(SIMULATED_PREFIX):
        return _run_sequence(args)
    if args.plots is not None:
        raise ValueError(f'--plots draws a sequence, and {args.sequence} is no folder of one; '
                         'leave it out')
    scene_map = SceneMap.load(args.sequence)
    if args.set_transform is not None:
        scene_map = replace(scene_map, transform=_transform(args.set_transform))
        scene_map.save(writable_file(args.sequence))
    figures = map_figures(args.sequence, scene_map)
    print_rows(map_rows(figures))
    return 0 if write_json(args.json, figures) == args.json else ELSEWHERE


def _transform(values: list[str]) -> Transform | None:
    """Return the transform that was typed, None for none; ValueError where it is no transform."""
    words = ' '.join(values).replace(',', ' ').split()
    if words == ['none']:
        return None
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        raise ValueError(f'--set-transform {" ".join(words)} is not made of numbers; expected '
                         'x y z qx qy qz qw, or none') from error
    return checked_transform(numbers)


def _run_sequence(args: argparse.Namespace) -> int:
    if args.set_transform is not None:
        raise ValueError(f'--set-transform is for a map, and {args.sequence} is a sequence; '
                         'leave it out')
    report = report_recording(read_sequence(args))
    print_rows(sequence_rows(args.sequence, report))
    written = write_json(args.json, sequence_figures(args.sequence, report)), args.plots and kept(
        args.plots, lambda folder: plot_recording(report, args.sequence, folder))
    return 0 if written == (args.json, args.plots) else ELSEWHERE
