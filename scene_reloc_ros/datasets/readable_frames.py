# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Readable frames of a sequence: one that is damaged costs itself, and is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Several
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import os
from typing import Any

from scene_reloc_ros.datasets.posed_sequence import Sequence

_MOST_UNREADABLE = 1 / 3  # of the frames; more of them are an error
_NAMED = 5  # frames that are named, count
_MOST_THREADS = 4  # that decode


@dataclass(frozen=True)
class UnusableFrames:
    """Which frames of a sequence are not used, and why."""

    frames: int  # of the whole sequence, count
    faults: Several[str] = ()  # sentences on those that cannot be read
    unposed: int = 0  # that can, but have no pose where one is needed

    def refuse_too_many(self) -> None:
        """Raise ValueError where more than a third cannot be read."""
        if len(self.faults) > _MOST_UNREADABLE * self.frames:
            raise ValueError(f'{len(self.faults)} of {self.frames} frames cannot be read, more '
                             f'than a third; the first: {self.faults[0]}')

    @property
    def sentences(self) -> list[str]:
        """Return what to tell of it, a line each; nothing where nothing was left out."""
        lines = [f'left out: {fault}' for fault in self.faults[:_NAMED]]
        if len(self.faults) > _NAMED:
            lines.append(f'and {len(self.faults) - _NAMED} more that cannot be read')
        if self.faults:
            lines.append(f'{len(self.faults)} of {self.frames} frames left out, which cannot be '
                         'read')
        if self.unposed:
            lines.append(f'{self.unposed} of {self.frames} frames left out, which have no pose')
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {'unreadable': len(self.faults), 'without_pose': self.unposed,
                'sentences': self.sentences}


def readable_frames(sequence: Sequence, with_depth: bool,
                    on_progress: Callable[[float, str], object] | None = None,
                    ) -> tuple[Sequence, UnusableFrames]:
    """Return the frames that can be read and have a pose, and what is left out.

    Every frame is decoded once, so that none ends what is begun with them. Those that are returned
    come without their depth where it is not needed.

    Args:
        sequence: of any kind.
        with_depth: whether their depth is needed too.
        on_progress: called with (fraction in [0, 1], name of the frame) after each.

    Raises ValueError where more than a third cannot be read, or none has a pose.
    """
    names, faults, kept = sequence.names, [], []
    for index, fault in enumerate(_faults(sequence, with_depth)):
        if fault is not None:
            faults.append(fault)
        elif sequence.map_from_cam(index) is not None:
            kept.append(index)
        if on_progress:
            on_progress((index + 1) / len(names), names[index])
    left_out = UnusableFrames(len(names), faults, len(names) - len(kept) - len(faults))
    left_out.refuse_too_many()
    if not kept:
        raise ValueError(f'none of {len(names)} frames has a pose; a recording needs '
                         'groundtruth.txt on the clock of rgb.txt, 7-Scenes frames their '
                         '.pose.txt')
    return sequence.at(kept, with_depth), left_out


def _faults(sequence: Sequence, with_depth: bool) -> Iterator[str | None]:
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, 'reading')
    try:
        yield from pool.map(lambda index: sequence.fault(index, with_depth),
                            range(len(sequence)))
    finally:
        pool.shutdown(cancel_futures=True)  # somebody may have asked to stop
