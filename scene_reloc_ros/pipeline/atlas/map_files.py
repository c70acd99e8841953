# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Files of maps as somebody names them: one, several, a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
import os.path
from pathlib import Path
from urllib.parse import unquote, urlparse

from scene_reloc_ros.files.outputs import full_path

SUFFIXES = '.map', '.safetensors'  # of the files of a folder that are taken for maps


def map_files(given: str | Sequence[str]) -> tuple[Path, ...]:
    """Return the files of the maps that are named; ValueError says which is none, and why.

    Args:
        given: paths or file:// URLs, as a list, or in one text with commas between; each of a map
            file, or of a folder, which stands for its files with one of SUFFIXES. A text is a
            list only where no file or folder has it as its name.
    """
    texts = (given,) if isinstance(given, str) else given
    parts = [part for text in texts for part in _parts(text)]
    if not parts:
        raise ValueError(f'{given!r} names no map; give a map file, several with commas between, '
                         'or a folder of maps')
    files = tuple(file for part in parts for file in _files(part))
    for one, other in combinations(files, 2):
        _refuse_same(one, other)
    return files


def map_name(file: Path) -> str:
    """Return the name that a map has among others: its file's, without the suffix."""
    return file.stem


def _parts(text: str) -> list[str]:
    """Return the paths in a text."""
    if ',' not in text or os.path.exists(_path(text)):  # which minds no name, however long
        return [text] if text.strip() else []
    return [part.strip() for part in text.split(',') if part.strip()]


def _path(text: str) -> Path:
    """Return the full path of a path or file:// URL."""
    url = urlparse(text)
    if url.scheme not in ('', 'file'):
        raise ValueError(f'map {text!r} is no file; give a path or a file:// URL')
    return full_path(unquote(url.path) if url.scheme else text)


def _files(text: str) -> Iterator[Path]:
    """Yield the file of a path, or those of a folder in the order of their names."""
    path = _path(text)
    if os.path.isdir(path):
        yield from _of_folder(path)
    elif os.path.isfile(path):
        yield path
    else:
        raise ValueError(f'map file {path} does not exist; train one with the mapper or '
                         'scene_reloc map')


def _of_folder(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir()
                       if file.suffix in SUFFIXES and file.is_file())
    except OSError as error:
        raise ValueError(f'folder {folder} of maps cannot be read ({error.strerror}); give it '
                         'permission, or name the files') from error
    if not files:
        raise ValueError(f'folder {folder} holds no map ({" or ".join(SUFFIXES)}); put some '
                         'there, or name a file')
    return files


def _refuse_same(one: Path, other: Path) -> None:
    """Raise ValueError where two files cannot be told apart, or are one."""
    if one.resolve() == other.resolve():
        raise ValueError(f'map {one} is named twice, as {other}; name it once')
    if map_name(one) == map_name(other):
        raise ValueError(f'maps {one} and {other} have one name, {map_name(one)}; rename one of '
                         'the files')
