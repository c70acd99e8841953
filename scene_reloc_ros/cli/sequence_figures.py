# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Figures of a recording: rows for people."""

from __future__ import annotations

from typing import Any

from scene_reloc_ros.evaluation.recording_report import DepthSummary, RecordingReport
from scene_reloc_ros.pipeline.conventions.report import ConventionReport

_MOST_FAULTS = 5  # that are named


def sequence_figures(name: str, report: RecordingReport) -> dict[str, Any]:
    """Return the figures of a recording as plain values."""
    return {'sequence': name, **report.as_dict()}


def sequence_rows(name: str, report: RecordingReport) -> list[tuple[str, str]]:
    """Return rows on what a recording holds, and last on what is wrong with it."""
    camera = report.camera
    return [
        ('sequence', name),
        ('frames', f'{report.frames} in {report.seconds:.1f} s, {report.posed} with a pose'),
        *_fault_rows(report),
        ('route', _route_text(report)),
        ('camera', f'{camera.width}x{camera.height}, f {camera.fx:.1f} {camera.fy:.1f}, centre '
                   f'{camera.cx:.1f} {camera.cy:.1f}, distortion {camera.distortion_model}'),
        ('depth', _depth_text(report.depth)),
        *_coverage_rows(report),
        *_convention_rows(report.conventions)]


def _fault_rows(report: RecordingReport) -> list[tuple[str, str]]:
    if not report.faults:
        return []
    more = len(report.faults) - _MOST_FAULTS
    rows = [('unreadable', fault) for fault in report.faults[:_MOST_FAULTS]]
    return [*rows, *([('unreadable', f'and {more} more')] if more > 0 else []),
            ('unreadable', f'{len(report.faults)} of {report.looked_at} frames that were read')]


def _route_text(report: RecordingReport) -> str:
    if not len(report.route):
        return 'unknown: no frame has a pose'
    places = report.route[:, :3, 3]
    size = ' x '.join(f'{side:.1f}' for side in places.max(0) - places.min(0))
    looked = sum(count > 0 for count in report.sectors)
    return (f'{report.length_m:.1f} m over {size} m; looked into {looked} of '
            f'{len(report.sectors)} directions of the horizon')


def _depth_text(depth: DepthSummary | None) -> str:
    if depth is None:
        return 'none'
    return (f'{depth.frames:.0%} of the frames, {depth.pixels:.0%} of their pixels; '
            f'{depth.median_m:.3g} m in the median, 95 % nearer than {depth.farthest_m:.3g} m')


def _coverage_rows(report: RecordingReport) -> list[tuple[str, str]]:
    shares = report.coverage.shares
    rows = [('coverage', f'{len(report.coverage.views)} cells of half a metre seen: '
                         f'{shares["good"]:.0%} often and from apart, {shares["thin"]:.0%} by few '
                         f'views, {shares["turned"]:.0%} while the camera only turned')]
    for one in report.coverage.advice():
        x, y, z = one.position
        rows.append(('coverage', f'at ({x:.1f}, {y:.1f}, {z:.1f}) m {one.sentence}'))
    return rows


def _convention_rows(report: ConventionReport) -> list[tuple[str, str]]:
    """Return a row for each thing that is wrong, or one that says what was looked for."""
    if report.findings:
        rows = [('wrong', finding.sentence) for finding in report.findings]
    else:
        rows = [('conventions', report.sentence)]
    if report.error_px is not None:
        rows.append(('agreement', f'matches of {report.pairs} pairs of views miss their epipolar '
                                  f'lines by {report.error_px:.1f} pixels in the median'))
    return rows
