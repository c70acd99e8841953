# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Real file systems that are small, full or read-only, and a user who may write nothing.

They need root, as in a container; a test that cannot have them is skipped with the reason.
"""

from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
import sys

import pytest

NOBODY, NAMELESS = 65534, 61234


class Disk:
    """A mounted tmpfs."""

    def __init__(self, path):
        """Take a folder that one is mounted on."""
        self.path = path
        self._ballast = path / 'ballast'

    def fill(self):
        """Leave no byte free."""
        with open(self._ballast, 'ab', buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free(self):
        """Give the space back."""
        self._ballast.unlink()

    def remount(self, option):
        """Make it 'ro' or 'rw'."""
        _run('mount', '-o', f'remount,{option}', str(self.path))


@contextmanager
def small_disk(path, kib=256):
    """Mount a tmpfs of so many KiB on a new folder while the context lasts."""
    if sys.platform != 'linux' or os.geteuid() != 0:
        pytest.skip('only root can mount a small file system')
    path.mkdir()
    try:
        _run('mount', '-t', 'tmpfs', '-o', f'size={kib}k', 'none', str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f'no file system can be mounted here ({error})')
    try:
        yield Disk(path)
    finally:
        _run('umount', '-l', str(path))


def as_nobody(function, *arguments, user=NOBODY):
    """Return what a function returns in a child process without any permission, as text.

    NAMELESS is a user whom the system does not know, and who has no home.
    """
    if os.geteuid() != 0:
        pytest.skip('only root can become a user without permissions')
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.environ.pop('HOME', None)
            os.setgid(user)
            os.setuid(user)
            answer = str(function(*arguments))
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            answer = f'{type(error).__name__}: {error}'
        os.write(write_end, answer.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return answer


def names_below(folder):
    """Return the names of all files below a folder, but for the ballast of a disk."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob('*')
                  if path.is_file() and path.name != 'ballast')


def _run(*command):
    subprocess.run(command, check=True, capture_output=True)
