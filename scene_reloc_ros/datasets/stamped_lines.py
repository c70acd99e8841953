# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Text files of lines that begin with a stamp: durable appending, and reading what is whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
import logging
import os
from pathlib import Path

import numpy.typing as npt

from scene_reloc_ros.geometry.poses import translation_quaternion_from_pose

_NANOSECONDS = 1_000_000_000

_logger = logging.getLogger(__name__)


def stamp_text(stamp_ns: int) -> str:
    """Return a stamp in seconds with all nine decimals."""
    return f'{stamp_ns // _NANOSECONDS}.{stamp_ns % _NANOSECONDS:09d}'


def tum_line(stamp_ns: int, map_from_cam: npt.ArrayLike) -> str:
    """Return ``stamp tx ty tz qx qy qz qw``, seconds and metres: a line in TUM format."""
    translation, quaternion = translation_quaternion_from_pose(map_from_cam)
    numbers = ' '.join(f'{value:.9f}' for value in (*translation, *quaternion))
    return f'{stamp_text(stamp_ns)} {numbers}\n'


def append_line(path: Path, line: str) -> None:
    """Append one line and wait until it is on disk; after an OSError the file is as before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        content = f'{line}\n'.encode()
        try:
            if os.write(descriptor, content) < len(content):
                raise OSError(f'disk full while writing {path}')
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def trim_torn_line(path: Path) -> None:
    """Cut off a last line without its end: a crash tore it, and it was never acknowledged."""
    content = Path(path).read_bytes()
    whole = content.rfind(b'\n') + 1
    if whole < len(content):
        _logger.warning('torn last line of %s removed', path)
        os.truncate(path, whole)


def drop_lines_from(path: Path, stamp_ns: int) -> None:
    """Cut a file of ascending stamps off before the first line of ``stamp_ns`` or later."""
    kept = 0
    for number, line in enumerate(Path(path).read_bytes().splitlines(keepends=True), 1):
        words = line.decode().split('#')[0].split()
        if words and _stamp_ns(words, 0, path, number) >= stamp_ns:
            break
        kept += len(line)
    with open(path, 'r+b') as file:
        file.truncate(kept)
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_stamped_lines(path: Path, fields: int) -> dict[int, list[str]]:
    """Return {stamp in ns: list of words after it}; of a missing file nothing.

    A torn last line is ignored with a warning; ValueError names any other line that is not a
    stamp followed by at least ``fields`` words.
    """
    if not Path(path).exists():
        return {}
    try:
        content = Path(path).read_text()
    except UnicodeDecodeError as error:
        raise ValueError(f'file {path} is no text ({error})') from error
    lines = content.split('\n')
    if lines.pop().strip():
        _logger.warning('torn last line of %s ignored', path)
    entries = {}
    for number, line in enumerate(lines, 1):
        words = line.split('#')[0].split()
        if words:
            entries[_stamp_ns(words, fields, path, number)] = words[1:]
    return entries


def nearest(stamps_ns: Sequence[int], stamp_ns: int, max_gap_ns: int) -> int | None:
    """Return the one of the sorted stamps that is nearest, or None beyond the gap."""
    at = bisect_left(stamps_ns, stamp_ns)
    best = min(stamps_ns[max(at - 1, 0):at + 1], key=lambda s: abs(s - stamp_ns), default=None)
    return best if best is not None and abs(best - stamp_ns) <= max_gap_ns else None


def _stamp_ns(words: Sequence[str], fields: int, path: Path, number: int) -> int:
    try:
        stamp_ns = int(Decimal(words[0]) * _NANOSECONDS)
    except (InvalidOperation, ValueError, OverflowError):
        stamp_ns = None
    if stamp_ns is None or len(words) < fields + 1:
        raise ValueError(f'line {number} of {path} is not a stamp and {fields} more; repair or '
                         'remove the line')
    return stamp_ns
