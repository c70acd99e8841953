# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Children of ``compare``: one process that maps, one that asks, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import time
from typing import Any

from scene_reloc_ros import __version__
from scene_reloc_ros.cli.terminal import write_json

_STOP_S = 10.0  # how long a child may take to end when it is told to
_KIB = 1024


class ChildFailed(RuntimeError):
    """A child that ended without success: the last line that it said."""


@dataclass(frozen=True)
class ChildCost:
    """What a child took."""

    wall_s: float
    peak_bytes: int


@dataclass(frozen=True)
class Job:
    """One map of a comparison, and the questions to it."""

    name: str  # of the row
    stem: str  # of its files in the folder
    seed: int
    method: str | None  # None: of a map that exists
    map_path: Path
    mapping: tuple[str, ...]  # arguments of the command map; none for a map that exists
    queries: tuple[str, ...]  # arguments of the worker after the map
    test: Path  # list of the frames asked for
    frames: Path | None = None  # list of the frames mapped

    def arguments(self) -> dict:
        """Return what tells whether kept results are those of this job."""
        return {'mapping': [*self._source(), __version__, *_hashes(self.frames)],
                'queries': [*self.queries, __version__, *_hashes(self.test)]}

    def _source(self) -> list[str]:
        if self.mapping:
            return list(self.mapping)
        status = self.map_path.stat()
        return [str(self.map_path.resolve()), str(status.st_size), str(status.st_mtime_ns)]


def _hashes(path: Path | None) -> list[str]:
    """Return what tells the content of a list, nothing without one."""
    return [] if path is None else [hashlib.sha256(path.read_bytes()).hexdigest()[:16]]


class Folder:
    """The folder of a comparison: maps, records and logs, kept so that it can go on."""

    def __init__(self, path: str | Path, say: Callable[[str], object]) -> None:
        """Take a folder that exists, and what to tell the progress to."""
        self.path, self.say = Path(path), say

    def record_of(self, job: Job) -> dict[str, Any]:
        """Return the record of a job, kept or new; a failure is a record too."""
        kept = self._kept(job)
        if kept['answers'] is not None:
            self.say(f'{job.stem}: kept from before')
            return kept
        mapped = kept['mapping']
        try:
            mapped = mapped or self._map(job)
            self._write(job, mapping=mapped)
            return self._write(job, mapping=mapped, answers=self._ask(job))
        except ChildFailed as failure:
            self.say(f'{job.stem}: failed: {failure}')
            return self._write(job, mapping=mapped, failure=str(failure))

    def _kept(self, job: Job) -> dict[str, Any]:
        """Return what is there of the same job, with None for the parts that have to be made."""
        nothing = {'mapping': None, 'answers': None}
        try:
            record = json.loads(self._file(job, 'json').read_text())
        except (OSError, ValueError):
            return nothing
        given = job.arguments()
        old = record.get('arguments') if isinstance(record, dict) else None
        if not old or old.get('mapping') != given['mapping'] or not job.map_path.is_file():
            return nothing
        return record if old['queries'] == given['queries'] else {**record, 'answers': None}

    def _map(self, job: Job) -> dict[str, Any]:
        """Make the map of a job; return what it took."""
        if not job.mapping:
            return {'wall_s': None, 'peak_bytes': None}
        self.say(f'{job.stem}: mapping (progress in {self._file(job, "log")})')
        job.map_path.unlink(missing_ok=True)
        cost = self._run(job, ('scene_reloc_ros.cli.main', 'map', *job.mapping))
        if not job.map_path.is_file():
            raise ChildFailed('the command map ended well and wrote no map')
        return {'wall_s': cost.wall_s, 'peak_bytes': cost.peak_bytes}

    def _ask(self, job: Job) -> dict[str, Any]:
        """Return the answers of the map of a job."""
        self.say(f'{job.stem}: asking')
        file = self._file(job, 'answers.json')
        cost = self._run(job, ('scene_reloc_ros.cli.compare_worker', str(job.map_path),
                               *job.queries, '--json', str(file)))
        answers = json.loads(file.read_text())
        file.unlink()
        return {**answers, 'wall_s': cost.wall_s, 'peak_bytes': cost.peak_bytes}

    def _run(self, job: Job, module: Sequence[str]) -> ChildCost:
        return run_child([sys.executable, '-m', *module], self._file(job, 'log'))

    def _file(self, job: Job, suffix: str) -> Path:
        return self.path / f'{job.stem}.{suffix}'

    def _write(self, job: Job, mapping: dict[str, Any] | None = None,
               answers: dict[str, Any] | None = None,
               failure: str | None = None) -> dict[str, Any]:
        """Write and return the record of a job; it is whole or not there."""
        if answers is not None and mapping is not None:
            mapping = {**mapping, 'seconds': answers['mapping_seconds'] or mapping['wall_s'],
                       'fit_s': answers['fit_seconds']}
        record = {'name': job.name, 'seed': job.seed, 'failure': failure,
                  'method': job.method or (answers['method'] if answers else job.name),
                  'arguments': job.arguments(), 'mapping': mapping, 'answers': answers}
        write_json(self._file(job, 'json'), record)
        return record


def run_child(command: Sequence[str], log: Path) -> ChildCost:
    """Run a command to its end, its errors into a file; return its ChildCost.

    Raises ChildFailed with the last line of its errors. Whatever interrupts the wait ends it.
    """
    started = time.perf_counter()
    with open(log, 'wb') as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=errors)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        _stop(process)
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ChildFailed(last_line(log) if process.returncode > 0 else
                          f'ended by signal {-process.returncode}; is there memory enough?')
    return ChildCost(time.perf_counter() - started, usage.ru_maxrss * _KIB)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_line(log: str | Path) -> str:
    """Return the last line of a file that says something, without the name of the program."""
    lines = re.split(r'[\r\n]+', Path(log).read_text(errors='replace'))
    said = [line.strip() for line in lines if line.strip()]
    return re.sub(r'^scene_reloc \w+: ', '', said[-1]) if said else 'it said nothing'
