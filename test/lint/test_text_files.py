# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Text files: the checks of pre-commit as tests, one a rule that lists all faults."""

import importlib.util
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.linter


@pytest.fixture(scope='module')
def check():
    """Return scripts/check_files.py as a module."""
    specification = importlib.util.spec_from_file_location(
        'check_files', ROOT / 'scripts' / 'check_files.py')
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_no_line_ends_with_blanks(check):
    assert check.faults_of(check.project_files(), [check.whitespace_faults]) == []


def test_every_file_ends_with_one_line_end(check):
    assert check.faults_of(check.project_files(), [check.line_end_faults]) == []


def test_every_configuration_can_be_read(check):
    assert check.faults_of(check.project_files(), [check.syntax_faults]) == []


def test_no_file_is_too_large_for_a_repository(check):
    assert check.faults_of(check.project_files(), [check.size_faults]) == []


def test_the_project_is_looked_at_as_a_whole(check):
    names = {str(file.relative_to(ROOT)) for file in check.project_files()}
    assert {'package.xml', '.ci/run', '.github/workflows/lint.yaml', '.gitignore',
            'scene_reloc_ros/__init__.py', 'docs/index.md', 'config/mapper.yaml'} <= names
    assert not any(name.startswith(('.git/', '.venv', 'build/')) for name in names)


@pytest.mark.parametrize('name, content, fault', [
    ('a.py', b'a = 1 \n', '1: blanks at the end of the line'),
    ('a.md', b'text', '1: no line end at the end'),
    ('a.md', b'text\n\n', '2: an empty line at the end'),
    ('a.md', b'text\r\n', '1: carriage returns'),
    ('a.yaml', b'a: [1\n', '1: cannot be read'),
    ('a.xml', b'<a><b></a>\n', '1: cannot be read'),
    ('a.json', b'{"a": }\n', '1: cannot be read'),
    ('a.bin', bytes(1_000_001), '1: 1000001 bytes'),
])
def test_a_planted_fault_is_found(check, tmp_path, name, content, fault):
    file = tmp_path / name
    file.write_bytes(content)
    rules = [check.size_faults] if name == 'a.bin' else check.TEXT_RULES
    found = check.faults_of([file], rules)
    assert any(line.startswith(f'{file}:{fault}') for line in found), found


def test_codespell_finds_nothing():
    tool = Path(sys.prefix) / 'bin' / 'codespell'
    tool = str(tool) if tool.is_file() else shutil.which('codespell')
    if tool is None:
        pytest.skip('codespell is not installed')
    checked = subprocess.run([tool, '--toml', 'pyproject.toml'], cwd=ROOT, capture_output=True,
                             text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
