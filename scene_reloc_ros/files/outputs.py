# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Outputs: tried before long work, written whole or not at all, kept where their place fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import logging
import os
from pathlib import Path
import tempfile

_TRIED = bytes(4096)  # enough to find a disk full

_logger = logging.getLogger(__name__)


def full_path(path: str | Path) -> Path:
    """Path with ~ replaced by the home folder; ValueError where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f'{path} cannot be found: there is no home folder for its ~; give the '
                         'whole path') from error


def writable_file(path: str | Path) -> Path:
    """Full path of a file that can be written; ValueError says why it cannot, and what to do.

    Tried beside it: the file itself, if there is one, stays as it is, and nothing new stays.
    """
    file = full_path(path)
    folder = file.parent
    if os.path.isdir(file):
        raise ValueError(f'{file} is a folder; give the name of a file')
    if os.path.exists(file) and not file.is_file():  # a device or a pipe
        return file
    if not os.path.exists(folder):
        raise ValueError(f'folder {folder} of {file.name} does not exist; create it')
    writable_folder(folder)
    return file


def writable_folder(path: str | Path) -> Path:
    """Full path of a folder that files can be written to, or that can be made; else ValueError.

    Tried with a file without a name in the nearest folder that exists: nothing stays.
    """
    folder = full_path(path)
    nearest = next(place for place in (folder, *folder.absolute().parents)
                   if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(_TRIED)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        where = '' if nearest == folder else f' in {nearest}'
        raise ValueError(f'folder {folder} cannot be written{where} ({error.strerror}); choose '
                         'another one, or give it space or permission') from error
    return folder


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write a file that is whole or not there: synced under another name, then renamed.

    Raises OSError, and leaves nothing behind, where that is not possible.
    """
    target, data = Path(os.path.realpath(path)), content
    if isinstance(data, str):
        data = data.encode()
    if target.exists() and not target.is_file():  # a device or a pipe cannot be renamed
        target.write_bytes(data)
        return
    partial = target.with_name(f'{target.name}.partial')
    try:
        with open(partial, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def kept(path: Path, write: Callable[[Path], object]) -> Path:
    """Path that ``write(path)`` has written a result to: the one asked for, or the nearest.

    What has been worked for long is not lost to a disk that is full or a folder that has gone
    meanwhile: it goes to the nearest folder that works, under a name that is free, and the log
    says where. Raises what ``write`` raised for the path asked for where no folder works.

    Args:
        path: of a file or folder.
        write: raises OSError, or ValueError with a sentence, where it cannot.
    """
    try:
        write(path)
        return path
    except (OSError, ValueError) as error:
        for folder in _other_places(path):
            other = _free_name(folder / path.name)
            try:
                write(other)
            except (OSError, ValueError):
                continue
            _logger.error('%s cannot be written (%s); the result is kept in %s', path,
                          getattr(error, 'strerror', None) or error, other)
            return other
        raise


class GrowingText:
    """Text file that is on disk as far as it goes; all of it moves where its place fails."""

    def __init__(self, path: Path) -> None:
        """Begin an empty file."""
        self._lines: list[bytes] = []
        self._begin(path)

    def write(self, line: str) -> None:
        """Append a line; OSError where neither its place nor another one can hold it."""
        data = line.encode()
        self._lines.append(data)
        try:
            if self._file.write(data) < len(data):
                raise OSError(f'disk full while writing {self.path}')
        except OSError:
            self._file.close()
            self._begin(kept(self.path, self._rewrite))

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def _begin(self, path: Path) -> None:
        self.path = path  # where it is
        self._file = open(path, 'ab' if self._lines else 'wb', buffering=0)

    def _rewrite(self, path: Path) -> None:
        write_whole(path, b''.join(self._lines))


def _other_places(path: Path) -> Iterator[Path]:
    """Yield folders to try instead: those around it, the working folder, home, that of /tmp."""
    if not os.path.exists(path) or path.is_file() or path.is_dir():  # not of a device
        yield from path.absolute().parents[:-1]
    yield Path.cwd()
    try:
        yield Path.home()
    except RuntimeError:
        pass
    yield Path(tempfile.gettempdir())


def _free_name(path: Path) -> Path:
    number, free = 1, path
    while os.path.lexists(free):
        free, number = path.with_name(f'{path.stem}-{number}{path.suffix}'), number + 1
    return free
