# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Check text files: whitespace, line ends, size, YAML, XML, JSON and TOML that can be read.

Usage: python scripts/check_files.py [FILE ...]; without files all of the project. Prints a line
for each fault and ends with 1 where there is one.
"""

import json
from pathlib import Path
import sys
import xml.etree.ElementTree as ElementTree

import yaml

try:
    import tomllib
except ImportError:  # Python 3.10: TOML is not looked at
    tomllib = None

ROOT = Path(__file__).resolve().parents[1]
LARGEST_BYTES = 1_000_000
BINARY = {'.jpg', '.png', '.pyc', '.safetensors'}
MAY_BE_LARGE = {'.safetensors'}  # the weights of the encoder
HIDDEN = {'.ci', '.github'}  # folders that belong to the project although their names hide them
WRITTEN = {'build', 'demo_output', 'install', 'log', '__pycache__'}  # by builds and runs


def project_files(folder=ROOT):
    """Return the files of the project, without what builds, runs and caches leave."""
    found = []
    for entry in sorted(folder.iterdir()):
        hidden = entry.name.startswith('.')
        if entry.is_dir():
            if entry.name in WRITTEN or entry.suffix == '.egg-info' or (
                    hidden and entry.name not in HIDDEN):
                continue
            found += project_files(entry)
        elif entry.is_file() and not (hidden and folder == ROOT and _is_left_over(entry.name)):
            found.append(entry)
    return found


def _is_left_over(name):
    return name == '.git' or name.startswith('.coverage') or name.endswith('.lock')


def whitespace_faults(file):
    """Return (line, fault) of blanks at the ends of lines."""
    lines = file.read_text('utf-8').split('\n')
    return [(number, 'blanks at the end of the line') for number, line in enumerate(lines, 1)
            if line != line.rstrip()]


def line_end_faults(file):
    """Return (line, fault) where a file does not end with exactly one line end."""
    content = file.read_bytes()
    faults = [(1, 'carriage returns')] if b'\r' in content else []
    if content and not content.endswith(b'\n'):
        faults.append((content.count(b'\n') + 1, 'no line end at the end'))
    elif content.endswith(b'\n\n') or content == b'\n':
        faults.append((content.count(b'\n'), 'an empty line at the end'))
    return faults


def size_faults(file):
    """Return (line, fault) where a file is too large for a repository."""
    size = file.stat().st_size
    if size <= LARGEST_BYTES or file.suffix in MAY_BE_LARGE:
        return []
    return [(1, f'{size} bytes, more than {LARGEST_BYTES}')]


def syntax_faults(file):
    """Return (line, fault) where YAML, XML, JSON or TOML cannot be read."""
    readers = {
        '.yaml': yaml.safe_load, '.yml': yaml.safe_load, '.cff': yaml.safe_load,
        '.rviz': yaml.safe_load, '.xml': ElementTree.fromstring, '.json': json.loads}
    if tomllib is not None:
        readers['.toml'] = tomllib.loads
    reader = readers.get(file.suffix)
    if reader is None:
        return []
    try:
        reader(file.read_text('utf-8'))
    except (ValueError, yaml.YAMLError, ElementTree.ParseError) as error:
        return [(1, f'cannot be read: {" ".join(str(error).split())}')]
    return []


TEXT_RULES = (whitespace_faults, line_end_faults, syntax_faults)


def faults_of(files, rules):
    """Return a line 'file:line: fault' for everything that the rules find."""
    return [f'{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}:{line}: {fault}'
            for file in files for rule in rules
            if not (rule in TEXT_RULES and file.suffix in BINARY)
            for line, fault in rule(file)]


def main():
    """Check the files that are named, or all."""
    files = [Path(name).resolve() for name in sys.argv[1:]] or project_files()
    found = faults_of(files, (*TEXT_RULES, size_faults))
    sys.stdout.writelines(f'{fault}\n' for fault in found)
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
