# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Progress bars and tables in a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import json
from pathlib import Path
import signal
import sys
import threading
from typing import Any

from tqdm import tqdm

from scene_reloc_ros.files.outputs import kept, writable_file, writable_folder, write_whole

_FORMAT = '{desc:<12}{percentage:3.0f}%|{bar:30}| {elapsed}<{remaining} {postfix}'
_TERMINAL_S, _FILE_S = 0.2, 15.0  # how often a bar is drawn again

ELSEWHERE = 2  # exit code where a result had to be kept in another place than asked for
SCHEMA = 1  # of the figures in JSON files; grows when one changes its meaning or goes


class ProgressBars:
    """One bar for each stage; give it as ``on_progress``."""

    def __init__(self) -> None:
        """Begin without a bar."""
        self._stage: str | None = None
        self._bar: tqdm | None = None

    def __call__(self, stage: str, fraction: float, text: str) -> None:
        """Move the bar of a stage to a fraction in [0, 1]."""
        if stage != self._stage:
            self.close()
            self._stage = stage
            interval_s = _TERMINAL_S if sys.stderr.isatty() else _FILE_S
            self._bar = tqdm(total=1.0, desc=stage, bar_format=_FORMAT, mininterval=interval_s)
        assert self._bar is not None
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(fraction - self._bar.n)

    def close(self) -> None:
        """End the present bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._stage = None

    def __enter__(self) -> ProgressBars:
        """Use it in a with statement."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the bar whatever happened."""
        self.close()


def print_rows(rows: Sequence[tuple[str, object]]) -> None:
    """Print (name, value) pairs as two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f'  {name:<{width}}  {value}')


@contextmanager
def terminable() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C while the context lasts, so that what is half-written goes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def try_outputs(args: argparse.Namespace) -> None:
    """Replace the outputs of a command by full paths; ValueError where one cannot be written."""
    for name, folder in getattr(args, 'outputs', {}).items():
        path = getattr(args, name)
        if path is not None:
            setattr(args, name, writable_folder(path) if folder else writable_file(path))


def write_json(path: Path | None, values: dict[str, Any]) -> Path | None:
    """Write a dict as JSON where a path was given; return where it is, see ``kept``."""
    if path is None:
        return None
    return write_text(path, json.dumps({'schema': SCHEMA, **values}, indent=1) + '\n')


def write_text(path: Path, text: str) -> Path:
    """Write a text, whole or not at all; return where it is, see ``kept``."""
    return kept(path, lambda place: write_whole(place, text))
