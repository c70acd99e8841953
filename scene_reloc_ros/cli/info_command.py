# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``info``: what is in a map file."""

from __future__ import annotations

import argparse

from scene_reloc_ros.cli.arguments import add_json
from scene_reloc_ros.cli.map_figures import map_figures, map_rows
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, write_json
from scene_reloc_ros.mapping.scene_map import SceneMap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``info``."""
    parser.add_argument('map', metavar='MAP', help='map file')
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Say what is in a map file."""
    figures = map_figures(args.map, SceneMap.load(args.map))
    print_rows(map_rows(figures))
    return 0 if write_json(args.json, figures) == args.json else ELSEWHERE
