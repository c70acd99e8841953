# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Text files of lines that begin with a stamp: durable appending, and reading what is whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
import logging
import os
from pathlib import Path

import numpy.typing as npt

from scene_reloc_ros.files.outputs import write_whole
from scene_reloc_ros.geometry.poses import translation_quaternion_from_pose
from scene_reloc_ros.geometry.text_files import read_text

IsWhole = Callable[[Sequence[str]], bool]

_NANOSECONDS = 1_000_000_000
_LARGEST_STAMP_S = 1e20  # some write nanoseconds; what is larger is no stamp
_MOST_BROKEN = 1 / 3  # of the lines of a file

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


def finish_last_line(path: Path, fields: int, is_whole: IsWhole) -> None:
    """End a last line that lacks its end, or cut it off where a crash tore it.

    Args:
        path: of the file.
        fields, is_whole: see ``read_stamped_lines``.
    """
    content = Path(path).read_bytes()
    begins = content.rfind(b'\n') + 1
    words = content[begins:].decode('utf-8-sig', 'replace').split('#')[0].split()
    if begins == len(content):
        return
    if _is_entry(words, fields) and is_whole(words):
        append_line(path, '')
        return
    _logger.warning('torn last line of %s removed', path)
    os.truncate(path, begins)


def drop_lines(path: Path, stamps_ns: Collection[int]) -> None:
    """Take the lines of some stamps out of a file, which is whole at any time."""
    def stays(line: bytes) -> bool:
        words = line.decode('utf-8-sig', 'replace').split('#')[0].split()
        return not (_is_entry(words, 0) and _stamp_ns(words) in stamps_ns)
    lines = Path(path).read_bytes().splitlines(keepends=True)
    write_whole(path, b''.join(line for line in lines if stays(line)))
    sync_folder(Path(path).parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_stamped_lines(path: Path, fields: int, is_whole: IsWhole) -> dict[int, list[str]]:
    """Return {stamp in ns: list of words after it}; of a missing file nothing.

    Left out with a warning are a torn last line, those that are not a stamp followed by enough
    words, and those whose stamp an earlier one has. ValueError where more than a third are broken.

    Args:
        path: of the file.
        fields: words after the stamp, at least.
        is_whole: function of the words of a last line without its end, which a crash or an editor
            may have left: tells the two apart.
    """
    if not Path(path).exists():
        return {}
    lines = [line.split('#')[0].split() for line in read_text(path).split('\n')]
    if lines[-1] and not (_is_entry(lines[-1], fields) and is_whole(lines[-1])):
        _logger.warning('torn last line of %s ignored', path)
        lines.pop()
    entries: dict[int, list[str]] = {}
    broken, repeated = [], []
    for number, words in enumerate(lines, 1):
        if words and not _is_entry(words, fields):
            broken.append(number)
        elif words and (stamp_ns := _stamp_ns(words)) in entries:
            repeated.append(number)
        elif words:
            entries[stamp_ns] = words[1:]
    count = len(broken) + len(repeated) + len(entries)
    _tell_broken(path, fields, broken, count)
    if repeated:
        _logger.warning('%d of %d lines of %s bear a stamp that an earlier one has, such as line '
                        '%d, and are left out; give every frame a stamp of its own',
                        len(repeated), count, path, repeated[0])
    return entries


def _tell_broken(path: Path, fields: int, numbers: list[int], count: int) -> None:
    if not numbers:
        return
    sentence = (f'{len(numbers)} of {count} lines of {path} are not a stamp and {fields} more, '
                f'such as line {numbers[0]}; repair or remove them')
    if len(numbers) > _MOST_BROKEN * count:
        raise ValueError(sentence)
    _logger.warning('%s; they are left out', sentence)


def nearest(stamps_ns: Sequence[int], stamp_ns: int, max_gap_ns: int) -> int | None:
    """Return the one of the sorted stamps that is nearest, or None beyond the gap."""
    at = bisect_left(stamps_ns, stamp_ns)
    best = min(stamps_ns[max(at - 1, 0):at + 1], key=lambda s: abs(s - stamp_ns), default=None)
    return best if best is not None and abs(best - stamp_ns) <= max_gap_ns else None


def _stamp_ns(words: Sequence[str]) -> int:
    seconds = Decimal(words[0])
    if not abs(seconds) < _LARGEST_STAMP_S:
        raise ValueError(f'{words[0]} is no stamp in seconds')
    return int(seconds * _NANOSECONDS)


def _is_entry(words: Sequence[str], fields: int) -> bool:
    """Tell whether words are a stamp in seconds and as many more."""
    try:
        _stamp_ns(words)
    except (IndexError, ArithmeticError, ValueError):
        return False
    return len(words) > fields
