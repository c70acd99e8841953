# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``compare``: methods, or maps, beside each other on frames with known poses."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
import math
from pathlib import Path
from typing import Any

from scene_reloc_ros.cli.arguments import add_device, add_output
from scene_reloc_ros.cli.compare_children import Folder, Job
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, write_json, write_text
from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.evaluation.compare import mapped_frames, Row
from scene_reloc_ros.evaluation.compare_ranking import sentences
from scene_reloc_ros.evaluation.compare_report import (
    Comparison,
    html_report,
    markdown_report,
    results,
)
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.methods.registry import METHODS

_RULER = 'retrieval'  # beside whatever else is mapped, where there is such a method


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``compare``."""
    parser.add_argument('paths', metavar='[MAP.map ...] SEQUENCE', nargs='+',
                        help='maps that exist, if any, and the sequence of all frames')
    parser.add_argument('--test', metavar='LIST', required=True,
                        help='frames with known poses that the maps are asked for')
    add_output(parser, '--out', folder=True, metavar='DIR', required=True,
               help='folder for maps, records and report; an interrupted run goes on')
    parser.add_argument('--frames', metavar='LIST', help='frames to map')
    parser.add_argument('--methods', metavar='A,B',
                        help='methods to map by, or all (all; none where maps are given)')
    _add_mapping(parser)
    parser.add_argument('--query-depth', action='store_true', help='ask with depth as well')
    parser.add_argument('--trust', type=int, default=40, metavar='N',
                        help='ask for N pictures of other places as well (40)')
    parser.add_argument('--truth', metavar='TEXT', default='the poses of the sequence',
                        help='how the true poses were made, for the report')
    add_device(parser)


def _add_mapping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--preset', default='fast', choices=sorted(PRESETS),
                        help='effort of every mapping (fast)')
    parser.add_argument('--minutes', type=float, metavar='M', help='bound on every mapping')
    parser.add_argument('--depth', default='auto', choices=('auto', 'off'),
                        help='map with the depth of the frames where they have it (auto)')
    parser.add_argument('--seeds', type=int, default=1, metavar='N',
                        help='map N times; figures are means, with their spread (1)')


def run(args: argparse.Namespace) -> int:
    """Map and ask in processes of their own, one after the other, and write the report."""
    jobs = planned(args)
    out = args.out
    out.mkdir(parents=True, exist_ok=True)
    folder = Folder(out, lambda text: print(f'  {text}', flush=True))
    records = []
    try:
        for job in jobs:
            records.append(folder.record_of(job))
    except KeyboardInterrupt:
        print(f'compare: interrupted after {len(records)} of {len(jobs)} maps; the same command '
              f'goes on from what is kept in {out}')
        return 130
    comparison = Comparison(_facts(args, records), records)
    outputs = (write_text(out / 'report.html', html_report(comparison)),
               write_text(out / 'report.md', markdown_report(comparison)),
               write_json(out / 'results.json', results(comparison)))
    written = [path for path in outputs if path is not None]
    _print(comparison, written)
    if any(path.parent != out for path in written):
        return ELSEWHERE
    return 0 if any(record['failure'] is None for record in records) else 2


def planned(args: argparse.Namespace) -> list[Job]:
    """Return the jobs of a comparison; ValueError for what cannot be used, before any work."""
    maps, sequence = [Path(path) for path in args.paths[:-1]], args.paths[-1]
    _check(args, maps, sequence)
    queries = (sequence, '--frames', args.test, '--device', args.device, '--trust',
               str(args.trust), *(['--depth'] if args.query_depth else []))
    names = _stems(maps)
    jobs = [Job(name, name, 0, None, path, (), queries, Path(args.test))
            for name, path in zip(names, maps)]
    methods = _methods(args, bool(maps))
    if set(methods) & set(names):
        raise ValueError(f'a map is named like a method ({", ".join(set(methods) & set(names))}); '
                         'rename it')
    return jobs + [_mapping_job(args, sequence, method, seed, queries)
                   for method in methods for seed in range(args.seeds)]


def _check(args: argparse.Namespace, maps: list[Path], sequence: str) -> None:
    for path in maps:
        if path.suffix != '.map':
            raise ValueError(f'{path} is no .map file; give maps first and the sequence last')
        if not path.is_file():
            raise ValueError(f'map file {path} does not exist; make one with scene_reloc map')
    if args.seeds < 1:
        raise ValueError(f'{args.seeds} seeds; expected at least 1')
    if args.trust < 0:
        raise ValueError(f'{args.trust} pictures of other places; expected at least 0')
    frames = open_sequence(sequence)
    if not len(frames.select(read_frame_list(args.test))):
        raise ValueError(f'{args.test} names no frame')
    if args.frames:
        frames.select(read_frame_list(args.frames))


def _stems(maps: list[Path]) -> list[str]:
    """Return a name for every map: its own, with a number where two have the same."""
    stems = [path.stem for path in maps]
    return [stem if stems.count(stem) == 1 else f'{stem}-{stems[:index].count(stem) + 1}'
            for index, stem in enumerate(stems)]


def offered_methods() -> list[str]:
    """Return the methods that the command ``map`` of this installation offers."""
    return sorted(METHODS)


def _methods(args: argparse.Namespace, maps_given: bool) -> list[str]:
    """Return the methods to map by, the ruler among them."""
    offered = offered_methods()
    if args.methods is None and maps_given:
        return []
    named = (args.methods or 'all').split(',')
    methods = offered if named == ['all'] else list(dict.fromkeys(named))
    for method in methods:
        if method not in offered:
            raise ValueError(f'method {method!r} is not offered; one of {", ".join(offered)}')
    if args.frames is None:
        raise ValueError('there is no list of frames to map; give --frames, or maps that exist')
    ruler = [_RULER] if _RULER in offered and _RULER not in methods else []
    return [*methods, *ruler]


def _mapping_job(args: argparse.Namespace, sequence: str, method: str, seed: int,
                 queries: tuple[str, ...]) -> Job:
    stem = method if seed == 0 else f'{method}-seed{seed}'
    out = Path(args.out) / f'{stem}.map'
    mapping = (sequence, '--frames', args.frames, '--out', str(out), '--json', f'{out}.json',
               '--method', method, '--preset', args.preset,
               '--depth', args.depth, '--seed', str(seed), '--device', args.device,
               *(['--minutes', str(args.minutes)] if args.minutes is not None else []))
    return Job(method, stem, seed, method, out, mapping, queries, Path(args.test),
               Path(args.frames))


def _facts(args: argparse.Namespace, records: list[dict[str, Any]]) -> dict[str, str]:
    """Return what a reader has to know of the comparison."""
    asked = next((record['answers'] for record in records if record['failure'] is None), None)
    facts = {'sequence': args.paths[-1], 'ground truth': args.truth,
             'asked': f'{args.test}, {len(read_frame_list(args.test))} frames, '
             f'{"with" if args.query_depth else "without"} depth, and {args.trust} pictures of '
             'other places'}
    if args.frames and _methods(args, len(args.paths) > 1):
        facts['mapped'] = (f'{args.frames}, {len(read_frame_list(args.frames))} frames, preset '
                           f'{args.preset}, depth {args.depth}, seeds: {args.seeds}')
    seen = [f'{count} by {record["name"]}' for record in records
            for count in [mapped_frames(record)] if count]
    if seen:
        facts['warning'] = ('some of the frames asked for were mapped as well, so figures are '
                            f'better than a robot will see: {", ".join(seen)}')
    if asked:
        facts['machine'] = f'{asked["machine"]}; solver {asked["solver"]} on {asked["device"]}'
    return facts


def _print(comparison: Comparison, written: Iterable[Path]) -> None:
    print_rows([(row.name, _line(row)) for row in comparison.rows])
    for text in sentences(comparison.rows):
        print(f'  {text}')
    for path in written:
        print(f'  {path}')


def _line(row: Row) -> str:
    """Return the figures of a row that fit a line."""
    if not row.values:
        return f'failed: {row.failure}'
    figures = [f'{row.mean("best_recall_5cm_5deg"):.1%} within 5 cm, 5 degrees',
               f'median {100 * row.mean("median_m"):.1f} cm']
    if row.records:
        figures += [f'{row.mean("accepted"):.1%} accepted',
                    f'{row.mean("map_bytes") / 1e6:.1f} MB', f'{row.mean("latency_ms"):.0f} ms']
        if not math.isnan(row.mean('mapping_s')):
            figures.append(f'mapped in {row.mean("mapping_s") / 60:.1f} minutes')
    return ', '.join(figures)
