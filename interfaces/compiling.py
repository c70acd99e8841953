# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Compilers of generate.py, and where an environment keeps what they make."""

import concurrent.futures
import dataclasses
import os
import pathlib
import subprocess
import sys
import sysconfig

COMPILERS = {'.c': ('gcc', '-std=gnu11'), '.cpp': ('g++', '-std=c++17')}


class BuildError(RuntimeError):
    """Something that the build needs is missing or failed; the message names the remedy."""


@dataclasses.dataclass(frozen=True)
class Prefix:
    """Where an environment keeps libraries, Python modules and shared files."""

    root: pathlib.Path
    modules: pathlib.Path

    @classmethod
    def of_this_interpreter(cls):
        """Return the prefix of the Python that runs this script."""
        return cls(pathlib.Path(sys.prefix), pathlib.Path(sysconfig.get_path('platlib')))

    def staged_below(self, folder):
        """Return the same layout below another root."""
        return Prefix(folder, folder / self.modules.relative_to(self.root))

    @property
    def libraries(self):
        """Return the folder of the shared libraries."""
        return self.root / 'lib'

    @property
    def share(self):
        """Return the folder with a sub-folder of files for each package."""
        return self.root / 'share'


def include_folders(prefix, generated):
    """Return every folder in which the generated sources look for headers."""
    import numpy
    installed = [f for f in sorted((prefix.root / 'include').iterdir()) if f.is_dir()]
    return [*generated.values(), pathlib.Path(sysconfig.get_path('include')),
            pathlib.Path(numpy.get_include()), prefix.root / 'include', *installed]


def run_tool(command):
    """Run a compiler and raise BuildError with its last words where it fails."""
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        lines = finished.stderr.strip().splitlines() or ['(no output)']
        raise BuildError(f'{command[0]} failed while building an interface package: {lines[-1]}')


def compile_sources(sources, includes, work):
    """Compile the files side by side and return their object files."""
    flags = ['-O1', '-fPIC', *(f'-I{folder}' for folder in includes)]
    objects = [work / f'{source.stem}_{i}.o' for i, source in enumerate(sources)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run_tool, (
            [*COMPILERS[source.suffix], *flags, '-c', source, '-o', made]
            for source, made in zip(sources, objects))))
    return objects


def link(target, objects, libraries, folders, run_path):
    """Link object files into a shared library that finds its libraries along ``run_path``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run_tool(['g++', '-shared', '-s', '-o', target, *objects, *(f'-L{f}' for f in folders),
              f'-Wl,-rpath,{run_path}', *(f'-l{name}' for name in libraries)])
