# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``bench``: measurements beside named peers, for tables and not for tests."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
import os
from typing import Any

from scene_reloc_ros.cli.arguments import add_device, add_json
from scene_reloc_ros.cli.terminal import ELSEWHERE, ProgressBars, write_json
from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.datasets.perturbed_sequence import PerturbedSequence
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.evaluation.benchmarks.map_benchmark import benchmark_maps
from scene_reloc_ros.evaluation.benchmarks.rig_benchmark import benchmark_rig
from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import benchmark_solver
from scene_reloc_ros.evaluation.benchmarks.training_benchmark import (
    busy_processes,
    rates_of_settings,
)
from scene_reloc_ros.evaluation.machine import machine_name
from scene_reloc_ros.network.device import resolve_device
from scene_reloc_ros.network.weights import DEFAULT_ENCODER, encoder_hash, load_encoder
from scene_reloc_ros.pipeline.atlas.atlas import load_maps
from scene_reloc_ros.pipeline.atlas.map_files import map_files, map_name
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pretraining.encoder_training import (
    HELD_OUT_SEED,
    judging_photographs,
    make_images,
    read_photographs,
)
from scene_reloc_ros.pretraining.matching_benchmark import (
    encoding_cost,
    image_pairs,
    matching_share,
    sequence_pairs,
)
from scene_reloc_ros.pretraining.pairs import Pair

_DEFAULT_PAIRS = 40
_MOST_CAMERAS = 16  # of a rig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench``."""
    parser.add_argument('what', nargs='?', default='solver', choices=tuple(_MEASURED),
                        help='what is measured (solver)')
    solver = parser.add_argument_group('solver')
    solver.add_argument('--problems', type=int, default=200, help='synthetic problems (200)')
    solver.add_argument('--cells', type=int, default=4800, help='correspondences each (4800)')
    solver.add_argument('--inliers', type=float, nargs='+', default=[0.3], metavar='SHARE',
                        help='shares of inliers, a table for each (0.3)')
    solver.add_argument('--noise', type=float, default=1.0, help='noise of inliers, pixels (1)')
    rig = parser.add_argument_group('rig', 'with problems, cells, inliers and noise of solver')
    rig.add_argument('--cameras', type=int, default=4, help='of the rig, cells of each (4)')
    encoder = parser.add_argument_group('encoder')
    encoder.add_argument('--encoder', nargs='+', default=[DEFAULT_ENCODER], metavar='NAME',
                         help=f'encoders of the package or files ({DEFAULT_ENCODER})')
    encoder.add_argument('--pairs', type=int, default=_DEFAULT_PAIRS,
                         help=f'pairs of views of each kind ({_DEFAULT_PAIRS})')
    encoder.add_argument('--photos', metavar='DIR', help='photographs: every fifth is judged on')
    encoder.add_argument('--sequence', metavar='SEQUENCE', help='posed RGB-D sequence: real views')
    encoder.add_argument('--frames', metavar='LIST', help='frames of the sequence (all)')
    training = parser.add_argument_group('training')
    training.add_argument('--busy', type=int, default=0, metavar='N',
                          help='processes that compute beside it (0)')
    training.add_argument('--seconds', type=float, default=10.0, help='of each run (10)')
    training.add_argument('--rounds', type=int, default=3,
                          help='runs of each setting, which take turns (3)')
    maps = parser.add_argument_group('maps')
    maps.add_argument('--place', nargs='+', action='append', default=[], metavar='TEXT',
                      help='MAP SEQUENCE [LIST]: a map and frames that show its place; repeated')
    maps.add_argument('--twin', action='append', default=[], metavar='MAP',
                      help='another map of such a place, beside which its frames stay undecided')
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print a table."""
    figures = {'machine': machine_name(), **_MEASURED[args.what](args)}
    return 0 if write_json(args.json, figures) == args.json else ELSEWHERE


def _bench_solver(args: argparse.Namespace) -> dict[str, Any]:
    _check_problems(args)
    device, runs = resolve_device(args.device), []
    for share in args.inliers:
        with ProgressBars() as bars:
            runs.append(benchmark_solver(
                args.problems, args.cells, share, args.noise, device, bars))
        _print_solvers(runs[-1])
    return {'runs': runs}


def _check_problems(args: argparse.Namespace) -> None:
    if not (args.problems >= 1 and args.cells >= 4 and args.noise >= 0
            and all(0 < share <= 1 for share in args.inliers)):
        raise ValueError('bench needs at least 1 problem, 4 cells, inliers in (0, 1] and noise '
                         'that is not negative')


def _bench_rig(args: argparse.Namespace) -> dict[str, Any]:
    _check_problems(args)
    if not 1 <= args.cameras <= _MOST_CAMERAS:
        raise ValueError(f'bench rig needs 1 to {_MOST_CAMERAS} cameras, not {args.cameras}')
    runs = []
    for share in args.inliers:
        with ProgressBars() as bars:
            runs.append(benchmark_rig(args.problems, args.cameras, args.cells, share, args.noise,
                                      bars))
        _print_rigs(runs[-1])
    return {'runs': runs}


def _print_rigs(figures: dict[str, Any]) -> None:
    print(f'{figures["problems"]} problems of {figures["cameras"]} cameras with '
          f'{figures["cells"]} cells each, {figures["inlier_ratio"]:.0%} inliers, '
          f'{figures["noise_px"]:g} px noise; ours on the CPU, {figures["threads"]} threads; '
          'ratios are ours / peer')
    for name, row in figures['solvers'].items():
        print(f'  {name:<20}{1e3 * row["median_translation_m"]:>9.3f} mm '
              f'{row["median_rotation_deg"]:.4f} deg{row["success_2cm_1deg"]:>8.1%}'
              f'{row["median_ms"]:>9.1f} ms  error ratio {row["error_ratio"]:.3f}, '
              f'time ratio {row["time_ratio"]:.2f}')
    if figures['skipped']:
        print(f'  {figures["skipped"]}')


def _print_solvers(figures: dict[str, Any]) -> None:
    print(f'{figures["problems"]} problems of {figures["cells"]} cells, '
          f'{figures["inlier_ratio"]:.0%} inliers, {figures["noise_px"]:g} px noise; '
          f'ours on {figures["device"]}, {figures["threads"]} threads; ratios are ours / peer, '
          'RGB and RGB-D')
    print(f'  {"solver":<18}{"median error":>22}{"within 2cm 1deg":>17}{"median time":>13}'
          f'{"10-90 %":>16}{"error ratios":>15}{"time ratios":>13}')
    for name, row in figures['solvers'].items():
        error = f'{1e3 * row["median_translation_m"]:.3f} mm {row["median_rotation_deg"]:.4f} deg'
        spread = f'{row["p10_ms"]:.1f}-{row["p90_ms"]:.1f} ms'
        errors = f'{row["error_ratio_rgb"]:.3f} {row["error_ratio_rgbd"]:.3f}'
        times = f'{row["time_ratio_rgb"]:.2f} {row["time_ratio_rgbd"]:.2f}'
        print(f'  {name:<18}{error:>22}{row["success_2cm_1deg"]:>17.1%}'
              f'{row["median_ms"]:>10.1f} ms{spread:>16}{errors:>15}{times:>13}')


def _bench_encoder(args: argparse.Namespace) -> dict[str, Any]:
    if args.pairs < 1:
        raise ValueError(f'bench encoder needs at least 1 pair, not {args.pairs}')
    device, judges, rows = resolve_device(args.device), _judges(args), {}
    with ProgressBars() as bars:
        for number, name in enumerate(args.encoder):
            encoder = load_encoder(name, device)
            rows[name] = {'hash': encoder_hash(name), **encoding_cost(encoder)}
            for done, (judge, pairs) in enumerate(judges.items()):
                bars('judging', (number + done / len(judges)) / len(args.encoder), judge)
                rows[name][judge] = matching_share(encoder, pairs())
    print(f'share of points whose best cell of another view is the right one; {args.pairs} pairs '
          f'of each kind; 640x480 on {device}')
    print(f'  {"encoder":<24}{"GMAC":>7}{"median time":>14}'
          + ''.join(f'{judge:>20}' for judge in judges))
    for name, row in rows.items():
        print(f'  {name[-23:]:<24}{row["gmac"]:>7.1f}{row["median_ms"]:>11.1f} ms'
              + ''.join(f'{row[judge]:>20.1%}' for judge in judges))
    return {'device': str(device), 'pairs': args.pairs, 'encoders': rows}


def _judges(args: argparse.Namespace) -> dict[str, Callable[[], Iterator[Pair]]]:
    """Return {name: function that makes the pairs}, each kind with and without change of light."""
    images = make_images(args.pairs, HELD_OUT_SEED)
    judges = {'procedural': lambda: image_pairs(images, light=False),
              'procedural, light': lambda: image_pairs(images, light=True)}
    if args.photos:
        photos = judging_photographs(read_photographs(args.photos))
        photos = photos[::max(1, len(photos) // args.pairs)][:args.pairs]
        judges['photos'] = lambda: image_pairs(photos, light=False)
        judges['photos, light'] = lambda: image_pairs(photos, light=True)
    if args.sequence:
        frames = open_sequence(args.sequence)
        frames = frames.select(read_frame_list(args.frames)) if args.frames else frames
        judges['sequence'] = lambda: sequence_pairs(frames, args.pairs)
        judges['sequence, light'] = lambda: sequence_pairs(
            frames, args.pairs, PerturbedSequence(frames, 'light'))
    return judges


def _bench_training(args: argparse.Namespace) -> dict[str, Any]:
    """Return and print how fast a head is trained on the CPU, by how its threads wait."""
    if not (args.busy >= 0 and args.seconds > 0 and args.rounds >= 1):
        raise ValueError('bench training needs 0 or more busy processes, a positive number of '
                         'seconds and at least 1 round')
    before = os.getloadavg()[0]
    with busy_processes(args.busy):
        rates = rates_of_settings(args.seconds, args.rounds)
    print(f'the loop that trains a head of the preset standard, beside {args.busy} busy '
          f'processes; {args.rounds} runs of {args.seconds:g} s each; the load of the machine was '
          f'{before:.1f} before')
    print(f'  {"threads wait":<18}{"steps a second":>16}{"CPU a step":>13}{"ratio":>8}')
    for name, row in rates.items():
        print(f'  {name:<18}{row["steps_per_s"]:>16.2f}{row["cpu_ms_a_step"]:>10.0f} ms'
              f'{row["ratio"]:>8.2f}')
    return {'busy': args.busy, 'load': before, 'settings': rates}


def _bench_maps(args: argparse.Namespace) -> dict[str, Any]:
    """Return and print whether the right one of several maps is found, and what that costs."""
    if len(args.place) < 2 or not all(2 <= len(place) <= 3 for place in args.place):
        raise ValueError('bench maps needs --place MAP SEQUENCE [LIST] twice or more')
    files = map_files([*(place[0] for place in args.place), *args.twin])
    localisers = {name: Localiser(scene_map, device=args.device)
                  for name, scene_map in load_maps(files).items()}
    names = [map_name(file) for file in files]
    frames = {name: _frames(*place[1:]) for name, place in zip(names, args.place)}
    twins = {name: localisers.pop(name) for name in names[len(frames):]}
    with ProgressBars() as bars:
        figures = benchmark_maps(localisers, frames, twins, bars)
    for name, row in figures['places'].items():
        print(f'  {name:<16}{row["frames"]:>5} frames, accepted alone {row["accepted_alone"]}, of '
              f'all maps {row["accepted"]} ({row["right_map"]} in the right one, {row["gross"]} '
              f'gross, {row["undecided"]} undecided), {row["alone_ms"]:.0f} and '
              f'{row["together_ms"]:.0f} ms')
        if row['beside_twins']:
            print(f'  {"beside twins":<16}{row["beside_twins"]["accepted"]} accepted, '
                  f'{row["beside_twins"]["undecided"]} undecided')
    print(f'  time of all maps / of one: {figures["time_ratio"]:.2f}, of the processor '
          f'{figures["cpu_ratio"]:.2f}')
    return figures


def _frames(sequence: str, frame_list: str | None = None) -> Sequence:
    frames = open_sequence(sequence)
    return frames.select(read_frame_list(frame_list)) if frame_list else frames


_MEASURED = {'solver': _bench_solver, 'rig': _bench_rig, 'encoder': _bench_encoder,
             'training': _bench_training, 'maps': _bench_maps}
