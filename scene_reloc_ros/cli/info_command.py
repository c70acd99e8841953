# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``info``: what is in a map file, and where it lies beside other maps."""

from __future__ import annotations

import argparse
from dataclasses import replace

from scene_reloc_ros.cli.arguments import add_json
from scene_reloc_ros.cli.map_figures import map_figures, map_rows
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, write_json
from scene_reloc_ros.files.outputs import writable_file
from scene_reloc_ros.mapping.scene_map import checked_transform, SceneMap, Transform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``info``."""
    parser.add_argument('map', metavar='MAP', help='map file')
    parser.add_argument('--set-transform', nargs='+', metavar='VALUE',
                        help='write into the map where it lies in a frame that several maps '
                        'share: x y z (metres) and qx qy qz qw of common_from_map, as seven '
                        'values or one quoted text; none removes it')
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Say what is in a map file, after its transform was set where that is asked for."""
    scene_map = SceneMap.load(args.map)
    if args.set_transform is not None:
        scene_map = replace(scene_map, transform=_transform(args.set_transform))
        scene_map.save(writable_file(args.map))
    figures = map_figures(args.map, scene_map)
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
