# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The figures of a drive, as a table and as a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scene_reloc_ros.evaluation.loss_ways import SILENT_S, WAYS

Losses = Sequence[dict[str, Any]]  # as LossRecord of ros/demo/drive


def loss_rows(losses: Losses) -> list[tuple[str, ...]]:
    """Return what was seen of each way: lost, found, wrong, times in seconds."""
    rows: list[tuple[str, ...]] = []
    for way in dict.fromkeys(loss['way'] for loss in losses):
        own = [loss for loss in losses if loss['way'] == way]
        rows.append((way, str(len(own)), str(sum(map(_found, own))),
                     str(sum(loss['wrong'] for loss in own)),
                     _times(own, 'silent_s'), _times(own, 'recovered_s'),
                     ', '.join(sorted({loss['reason'] or 'none' for loss in own}))))
    return rows


def is_well(losses: Losses) -> bool:
    """Tell whether every loss was told at once, and every recovery once and rightly."""
    return all(_found(loss) and not loss['wrong'] and not loss['answers']
               and loss['reason'] == WAYS[loss['way']].reason.code
               and loss['silent_s'] <= SILENT_S for loss in losses)


def print_losses(losses: Losses) -> bool:
    """Print the table; tells whether all is well."""
    head = ('lost by', 'times', 'found', 'wrong', 'silent, worst', 'found after, worst', 'reason')
    rows = [head, *loss_rows(losses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    print()
    for row in rows:
        print('  ' + '  '.join(f'{text:<{width}}' for text, width in zip(row, widths)).rstrip())
    print(f'\n{len(losses)} losses, {sum(map(_found, losses))} recoveries with one ~/initialpose '
          f'each, {sum(loss["wrong"] for loss in losses)} wrong broadcasts')
    print(f'silent after {_times(losses, "silent_s")} s, found after '
          f'{_times(losses, "recovered_s")} s (median, worst)')
    for loss in losses:
        for answer in loss['answers']:
            print(f'~/relocalise did not tell the truth ({loss["way"]}): {answer}')
    return is_well(losses)


def print_elsewhere(found: dict[str, Any]) -> bool:
    """Print what was said with a map of another place; tells whether all is well."""
    reasons = ', '.join(f'{count} x {reason}' for reason, count in
                        sorted(found['reasons'].items(), key=lambda item: -item[1]))
    print(f'\nwith a map of another place: {found["images"]} images, ready '
          f'{"at times" if found["ready"] else "never"}, {found["poses"]} words on a pose')
    print(f'  reasons: {reasons or "none"}\n  ~/relocalise: {found["answer"]}')
    return not (found['ready'] or found['poses'] or found['success']) and found['images'] > 0


def _found(loss: dict[str, Any]) -> bool:
    return loss['recovered_s'] is not None and loss['initial_poses'] == 1


def _times(losses: Losses, key: str) -> str:
    """Return median and worst of a time, seconds."""
    times = [loss[key] for loss in losses if loss[key] is not None]
    return f'{np.median(times):.2f}, {max(times):.2f}' if times else 'never'
