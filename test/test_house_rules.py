# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rules for every file: licence header, length, names, and nothing of the author's machine."""

import ast
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEADER = ('# Copyright 2026 scene_reloc_ros maintainers\n'
          '# SPDX-License-Identifier: Apache-2.0\n')
FOLDERS = ('scene_reloc_ros', 'test', 'scripts', 'launch', 'config', 'rviz', 'interfaces', 'docs',
           'requirements', 'resource', '.ci', '.github')
BINARY = {'.safetensors', '.png', '.jpg', '.pyc'}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
VAGUE_NAME = re.compile(r'(^|_)(utils?|common|misc|helpers?|manager)(_|$)')
# Folders that every Linux has, so that a path into them says nothing about one machine.
SHARED_FOLDERS = {'/tmp', '/home', '/usr', '/opt', '/var', '/mnt', '/dev', '/etc', '/proc'}


def project_files():
    """Return the text files of the project, without what builds and caches leave."""
    files = [f for f in ROOT.iterdir() if f.is_file() and not f.name.startswith('.coverage')]
    for folder in FOLDERS:
        files += [f for f in (ROOT / folder).rglob('*') if f.is_file()]
    return sorted(f for f in files if f.suffix not in BINARY and '__pycache__' not in f.parts
                  and f.name not in ('.git', '.venv.lock'))


def python_files():
    """Return the Python files of the project."""
    return [f for f in project_files() if f.suffix == '.py']


def identifier(file):
    """Name a file in a test report as it lies in the project."""
    return str(file.relative_to(ROOT))


def machine_paths():
    """Return the beginnings of paths that exist on this machine only."""
    top = f'/{ROOT.parts[1]}'
    tops = set() if top in SHARED_FOLDERS else {top}
    return {f'{path}/' for path in tops | {str(ROOT), str(Path.home())} if path != '/'}


@pytest.mark.parametrize('file', python_files(), ids=identifier)
def test_a_python_file_begins_with_licence_and_docstring(file):
    text = file.read_text(encoding='utf-8')
    assert text.startswith(HEADER), f'{identifier(file)} lacks the licence header'
    assert ast.get_docstring(ast.parse(text)), f'{identifier(file)} does not say what it owns'


@pytest.mark.parametrize('file', python_files(), ids=identifier)
def test_a_python_file_and_its_functions_are_short(file):
    text = file.read_text(encoding='utf-8')
    assert len(text.splitlines()) <= MAX_FILE_LINES
    too_long = [
        f'{node.name} (line {node.lineno}, {node.end_lineno - node.lineno + 1} lines)'
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES]
    assert too_long == []


def test_every_script_names_its_licence():
    scripts = [f for f in project_files() if f.parent.name in ('scripts', '.ci')]
    assert scripts
    for script in scripts:
        assert HEADER in script.read_text(), f'{identifier(script)} lacks the licence header'


def test_no_file_has_a_name_that_says_nothing():
    vague = [identifier(f) for f in python_files() if VAGUE_NAME.search(f.stem)]
    assert vague == []


def test_no_file_knows_the_machine_that_it_was_written_on():
    found = []
    for file in project_files():
        for number, line in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
            if any(path in line for path in machine_paths()):
                found.append(f'{identifier(file)}:{number}')
    assert found == []
