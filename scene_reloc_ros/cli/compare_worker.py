# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Process of its own in which ``compare`` asks one map; it writes the answers as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import sys
from typing import Any

import torch

from scene_reloc_ros.cli.arguments import (
    add_device,
    add_json,
    add_sequence,
    read_sequence,
)
from scene_reloc_ros.cli.queries import add_depth, open_localiser
from scene_reloc_ros.cli.terminal import ELSEWHERE, ProgressBars, try_outputs, write_json
from scene_reloc_ros.datasets.negative_frames import NegativeFrames
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.readable_frames import readable_frames
from scene_reloc_ros.evaluation.compare import answers_record
from scene_reloc_ros.evaluation.machine import machine_name
from scene_reloc_ros.evaluation.published import note
from scene_reloc_ros.evaluation.report import evaluate
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.weights import encoder_path
from scene_reloc_ros.pipeline.frame_result import localise_frames


def main(arguments: list[str] | None = None) -> int:
    """Ask a map and write what a comparison keeps; 2 with a sentence for what cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('map', metavar='MAP')
    add_sequence(parser)
    parser.add_argument('--trust', type=int, default=0, metavar='N')
    add_depth(parser)
    add_device(parser)
    add_json(parser)
    args = parser.parse_args(arguments)
    try:
        try_outputs(args)
        return 0 if write_json(args.json, answers(args)) == args.json else ELSEWHERE
    except (ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def answers(args: argparse.Namespace) -> dict[str, Any]:
    """Return the ``answers`` of a record, and what the map says of its making."""
    scene_map, localiser = open_localiser(args)
    sequence = read_sequence(args)
    frames, _ = readable_frames(sequence, args.depth)
    with ProgressBars() as bars:
        report = evaluate(localiser, frames, bars, args.depth)
        strangers = list(localise_frames(localiser, NegativeFrames(frames, args.trust))
                         ) if args.trust else []
    return {**answers_record(report.frames, strangers, scene_map.map_views),
            **described(scene_map, args.map, _have_depth(sequence)),
            'query_depth': args.depth, 'machine': machine_name(),
            'threads': torch.get_num_threads()}


def _have_depth(sequence: Sequence) -> bool:
    """Tell whether the first frame that can be read has depth."""
    first = next((index for index in range(len(sequence)) if sequence.fault(index, True) is None),
                 None)
    return first is not None and sequence.query(first, True).depth_m is not None


def described(scene_map: SceneMap, path: str | Path, has_depth: bool) -> dict[str, Any]:
    """Return what a row tells of a map beside its answers; has_depth: as the frames have."""
    metadata = scene_map.metadata
    method = scene_map.content.method
    encoder = scene_map.encoder_name or None
    return {'method': method, 'map_bytes': Path(path).stat().st_size, 'encoder': encoder,
            'weights_bytes': encoder_path(encoder).stat().st_size if encoder else 0,
            'libraries': list(note(method).libraries),
            'mapped_with_depth': mapped_with_depth(scene_map, method, has_depth),
            'mapping_seconds': metadata.get('mapping_seconds'),
            'fit_seconds': (metadata.get('training') or {}).get('seconds'),
            'quality': (metadata.get('check') or {}).get('quality'),
            'options': json.loads(json.dumps(metadata.get('options')))}


def mapped_with_depth(scene_map: SceneMap, method: str, has_depth: bool) -> bool:
    """Tell whether a map was made with depth: it says so, it must, or nothing forbade it."""
    allowed = has_depth and bool((scene_map.metadata.get('options') or {}).get('depth'))
    return {'no': False, 'must': True}.get(
        note(method).depth, scene_map.depth is not None or allowed)


if __name__ == '__main__':
    sys.exit(main())
