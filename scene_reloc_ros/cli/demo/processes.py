# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Child processes of a command: logged to files, interrupted and if need be killed at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import os
from pathlib import Path
import signal
import subprocess
import sys

_STOP_S = 15.0
_TAIL_LINES = 15


class ChildProcess:
    """One Python module in a process group of its own."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], log: str | Path,
                 pass_fds: Sequence[int] = ()) -> None:
        """Start it.

        Args:
            name: what messages call it.
            module: Python module that is run.
            arguments: list of str.
            log: file that its output goes to.
            pass_fds: file descriptors that stay open in it.
        """
        self.name = name
        self.log = Path(log)
        with self.log.open('wb') as stream:
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments], stdout=stream, stderr=stream,
                start_new_session=True, pass_fds=pass_fds, env=_environment())

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    @property
    def failure(self) -> str:
        """One sentence and the end of the log."""
        lines = self.log.read_text(errors='replace').splitlines()[-_TAIL_LINES:]
        return '\n'.join((f'{self.name} ended with exit code {self.exit_code}; the end of '
                          f'{self.log}:', *lines))

    def interrupt(self) -> None:
        """Ask the process group to end, as Ctrl-C does."""
        self._signal(signal.SIGINT)

    def wait_or_kill(self) -> None:
        """Wait for the end; what does not end is killed."""
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def stop_all(children: Iterable[ChildProcess]) -> None:
    """Interrupt all children at once, then wait for each."""
    for child in children:
        child.interrupt()
    for child in children:
        child.wait_or_kill()


def _environment() -> dict[str, str]:
    """Let child processes find this package and, in a standalone set-up, its ROS 2."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get('PYTHONPATH')) if part)
    environment = {**os.environ, 'PYTHONPATH': path, 'PYTHONUNBUFFERED': '1'}
    if (Path(sys.prefix) / 'share' / 'ament_index').is_dir():
        environment.setdefault('AMENT_PREFIX_PATH', sys.prefix)
    return environment
