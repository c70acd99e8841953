# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What commands that localise share: maps, the option ``--depth``, and the localiser."""

from __future__ import annotations

import argparse
from pathlib import Path

from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.atlas.atlas import Atlas, load_maps
from scene_reloc_ros.pipeline.atlas.map_files import map_files
from scene_reloc_ros.pipeline.localiser import Localiser


def add_maps(parser: argparse.ArgumentParser) -> None:
    """Declare MAP, of which there may be several."""
    parser.add_argument('map', metavar='MAP', nargs='+', help='map file; with several, or a '
                        'folder of maps, the right one is found for every frame')


def add_depth(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--depth', action='store_true',
                        help='use the depth of the frames (the map has to be made with depth)')


def open_localiser(args: argparse.Namespace) -> tuple[SceneMap, Localiser]:
    """Return SceneMap and Localiser; ValueError where it cannot use the depth asked for."""
    localiser = Localiser(SceneMap.load(args.map), device=args.device)
    _refuse_depth(args, localiser)
    return localiser.scene_map, localiser


def open_maps(args: argparse.Namespace) -> tuple[tuple[Path, ...], Localiser | Atlas]:
    """Return the files of MAP, and what localises in all of them, see ``open_localiser``."""
    files = map_files(args.map)
    localisers = {name: Localiser(one, device=args.device)
                  for name, one in load_maps(files).items()}
    localiser = Atlas(localisers) if len(files) > 1 else next(iter(localisers.values()))
    _refuse_depth(args, localiser)
    return files, localiser


def _refuse_depth(args: argparse.Namespace, localiser: Localiser | Atlas) -> None:
    unavailable = localiser.depth_unavailable() if args.depth else None
    if unavailable is not None:
        raise ValueError(f'--depth cannot be used: {unavailable}')
