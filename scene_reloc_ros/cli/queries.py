# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What commands that localise share: the option ``--depth``, and the localiser of a map."""

from __future__ import annotations

import argparse

from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.localiser import Localiser


def add_depth(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--depth', action='store_true',
                        help='use the depth of the frames (the map has to be made with depth)')


def open_localiser(args: argparse.Namespace) -> tuple[SceneMap, Localiser]:
    """Return SceneMap and Localiser; ValueError where it cannot use the depth asked for."""
    scene_map = SceneMap.load(args.map)
    localiser = Localiser(scene_map, device=args.device)
    unavailable = localiser.depth_unavailable() if args.depth else None
    if unavailable is not None:
        raise ValueError(f'--depth cannot be used: {unavailable}')
    return scene_map, localiser
