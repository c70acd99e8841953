# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``evaluate``: accuracy, refusals and trust of a map on frames with known poses."""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scene_reloc_ros.cli.arguments import (
    add_device,
    add_json,
    add_output,
    add_sequence,
    read_sequence,
)
from scene_reloc_ros.cli.queries import add_depth, add_maps, open_maps
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, ProgressBars, write_json
from scene_reloc_ros.datasets.negative_frames import NegativeFrames
from scene_reloc_ros.datasets.perturbed_sequence import (
    CHANGES,
    PERTURBATIONS,
    PerturbedSequence,
)
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.readable_frames import readable_frames
from scene_reloc_ros.evaluation.plots import plot_evaluation, plot_trust
from scene_reloc_ros.evaluation.report import evaluate, EvaluationReport
from scene_reloc_ros.evaluation.risk_coverage import by_name, Group, trust_figures
from scene_reloc_ros.evaluation.window_report import judge_windows
from scene_reloc_ros.files.outputs import kept
from scene_reloc_ros.geometry.pose_error import RECALL_BOUNDS
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.atlas.atlas import Atlas
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.frame_result import localise_frames
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.sequence.sequence_window import WindowOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``evaluate``."""
    add_maps(parser)
    add_sequence(parser)
    parser.add_argument('--perturb', choices=sorted(CHANGES),
                        help='evaluate the frames again in other light, blurred, noisy, or so '
                        'poor that most are refused (crop, smear, dark; the same way every time), '
                        'and print what that costs')
    parser.add_argument('--sequence-seconds', type=float, metavar='S',
                        help='take the frames as a drive: join those of S seconds, through '
                        'odometry that drifts as the relocaliser takes it to, and count the '
                        'windows that have an answer')
    parser.add_argument('--trust', type=int, metavar='N',
                        help='judge the frames perturbed in every way and N pictures of other '
                        'places as well: how often is a wrong pose accepted, a right one refused?')
    add_output(parser, '--plots', folder=True, metavar='DIR', help='folder for pictures')
    add_depth(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Localise frames with known poses and say how far off the answers are."""
    files, localiser = open_maps(args)
    windows = _windows(args, localiser)
    with ProgressBars() as bars:
        frames, left_out = readable_frames(read_sequence(args), args.depth,
                                           partial(bars, 'reading'))
        given = {'map_bytes': sum(file.stat().st_size for file in files), 'depth': args.depth,
                 'left_out': left_out.as_dict()}
        judged = frames
        report, summary = _judged(localiser, judged, bars, given)
        if args.perturb:
            judged, clean = PerturbedSequence(frames, args.perturb), summary
            report, summary = _judged(localiser, judged, bars, given)
            summary.update(perturb=args.perturb, unperturbed=clean)
        if windows is not None:
            summary.update(sequence=judge_windows(*windows, judged, args.depth,
                                                  partial(bars, 'joining')).summary())
        trust = trust_figures(_groups(args, localiser, report, frames, bars))
    summary.update({name: trust[name] for name in ('false_accept_rate', 'acceptance_of_good')},
                   trust=trust)
    print_rows(_rows(summary))
    if args.perturb:
        print_rows(_drops(summary))
    written = write_json(args.json, summary), args.plots and kept(
        args.plots, lambda folder: _plot(folder, report, judged, localiser.scene_map, trust))
    return 0 if written == (args.json, args.plots) else ELSEWHERE


def _windows(args: argparse.Namespace,
             localiser: Localiser | Atlas) -> tuple[Localiser, WindowOptions] | None:
    """Return what judges windows, None where nobody asked for them; ValueError where it cannot."""
    if args.sequence_seconds is None:
        return None
    if not isinstance(localiser, Localiser):
        raise ValueError('--sequence-seconds joins frames in one map; give one')
    return localiser, WindowOptions(args.sequence_seconds)


def _plot(folder: Path, report: EvaluationReport, frames: Sequence, scene_map: SceneMap,
          trust: dict[str, Any]) -> None:
    paths = plot_evaluation(report, frames, scene_map, folder)
    for path in (*paths, plot_trust(report, trust, folder / 'trust.png')):
        print(f'  {path}')


def _judged(localiser: Localiser | Atlas, frames: Sequence, bars: ProgressBars,
            given: dict[str, Any]) -> tuple[EvaluationReport, dict[str, Any]]:
    """Return the report of frames, taken as a stream of one camera, and its figures."""
    watch = CameraWatch(localiser)
    report = evaluate(watch, frames, bars, given['depth'])
    return report, {**report.summary(), **given, 'camera': list(watch.notices),
                    'answers': [result.as_dict() for result in report.frames]}


def _groups(args: argparse.Namespace, localiser: Localiser | Atlas, report: EvaluationReport,
            frames: Sequence, bars: ProgressBars) -> list[Group]:
    """Return the results of the frames as they are, and of what ``--trust`` asks for."""
    groups = [Group(args.perturb or 'clean', report.frames)]
    if args.trust is None:
        return groups
    for kind in PERTURBATIONS:
        groups.append(Group(kind, list(localise_frames(
            localiser, PerturbedSequence(frames, kind), args.depth,
            partial(bars, f'judging {kind}')))))
    return groups + by_name(list(localise_frames(
        localiser, NegativeFrames(frames, args.trust),
        on_progress=partial(bars, 'judging other places'))))


def _drops(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a row for each recall: before, after, points lost."""
    clean = summary['unperturbed']
    return [(f'{name.replace("_", " ")}, {summary["perturb"]}',
             f'{clean[name]:.1%} -> {summary[name]:.1%}, '
             f'{100 * (clean[name] - summary[name]):.1f} points lost')
            for name in RECALL_BOUNDS]


def _rows(summary: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    latency = summary['latency_ms']
    metres, degrees = (np.nan if summary[key] is None else summary[key]
                       for key in ('median_translation_m', 'median_rotation_deg'))
    rejected = ', '.join(f'{n} {name}' for name, n in summary['rejections'].items()) or 'none'
    return (
        ('frames', f'{summary["frames"]}, accepted {summary["accepted"]}, rejected: {rejected}'),
        *_map_rows(summary['answers']),
        ('median error', f'{100 * metres:.2f} cm, {degrees:.2f} degrees'),
        ('within 2 cm, 2 deg', f'{summary["recall_2cm_2deg"]:.1%}'),
        ('within 5 cm, 5 deg', f'{summary["recall_5cm_5deg"]:.1%}'),
        ('within 10 cm, 5 deg', f'{summary["recall_10cm_5deg"]:.1%}'),
        *(('frames', text) for text in summary['left_out']['sentences']),
        *_trust_rows(summary),
        *_sequence_rows(summary.get('sequence')),
        *(('camera', notice) for notice in summary['camera']),
        ('latency', f'{latency["median"]:.0f} ms median, {latency["p95"]:.0f} ms of 95 %'),
        ('solver, device', f'{summary["solver"]}, {summary["device"]}'),
        ('map', f'{summary["map_bytes"] / 1e6:.2f} MB'))


def _map_rows(answers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return how many accepted frames each of several maps has."""
    counts = Counter(answer['map'] for answer in answers
                     if answer['map'] and answer['reason'] is None)
    text = ', '.join(f'{count} in {name}' for name, count in counts.most_common())
    return [('maps', text)] if text else []


def _sequence_rows(figures: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return a row on windows, none where nobody asked for them."""
    if figures is None:
        return []
    text = (f'{figures["answered"]} of {figures["windows"]} have an answer, {figures["gross"]} '
            f'wrong; {figures["accepted_alone"]} of {figures["frames"]} frames accepted alone')
    if figures['joined']:
        text += (f'; {figures["joined"]} joined: median '
                 f'{100 * figures["median_translation_m"]:.1f} cm, '
                 f'{figures["median_rotation_deg"]:.2f} degrees after '
                 f'{figures["median_seconds"]:.1f} s, NEES mean {figures["nees_mean"]:.2f}')
    return [(f'windows of {figures["seconds"]:g} s', text)]


def _trust_rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return rows on covariance, false accepts and refusals."""
    trust, rows = summary['trust'], []
    if summary['nees_mean'] is not None:
        rows.append(('covariance', f'NEES mean {summary["nees_mean"]:.2f} (6 is honest), '
                     f'{summary["nees_within_95"]:.1%} within the 95 % bound'))
    kept = summary['acceptance_of_good']
    rows.append(('trust', f'{trust["false_accepts"]} of {trust["queries"]} queries accepted with a'
                 f' gross error ({summary["false_accept_rate"]:.2%}), '
                 + ('none within 10 cm, 5 degrees' if kept is None else
                    f'{kept:.1%} of those within 10 cm, 5 degrees accepted')))
    for kind, part in trust['kinds'].items():
        reasons = ', '.join(f'{count} {name}' for name, count in sorted(
            part['reasons'].items(), key=lambda item: -item[1]))
        rows.append((f'  {kind}', f'{part["accepted"]} of {part["queries"]} accepted, '
                     f'{part["false_accepts"]} wrong; refused: {reasons or "none"}'))
    return rows
