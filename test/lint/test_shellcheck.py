# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Shell scripts, as shellcheck sees them."""

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL = ('#!/usr/bin/env bash', '# shellcheck shell=')
pytestmark = pytest.mark.linter


def shell_scripts():
    """Return the scripts that bash runs or sources."""
    files = [f for folder in ('scripts', '.ci') for f in (ROOT / folder).iterdir() if f.is_file()]
    return sorted(f for f in files
                  if any(line.startswith(SHELL) for line in f.read_text('utf-8').splitlines()[:3]))


@pytest.fixture
def check():
    """Return a function that runs shellcheck on files."""
    tool = Path(sys.prefix) / 'bin' / 'shellcheck'
    tool = str(tool) if tool.is_file() else shutil.which('shellcheck')
    if tool is None:
        pytest.skip('shellcheck is not installed')
    return lambda *files: subprocess.run([tool, '--format=gcc', *files], cwd=ROOT,
                                         capture_output=True, text=True)


def test_every_shell_script_is_looked_at():
    names = {str(file.relative_to(ROOT)) for file in shell_scripts()}
    assert {'scripts/setup', 'scripts/test', 'scripts/demo', 'scripts/gpu_check',
            'scripts/environment.sh', '.ci/run'} <= names


def test_shellcheck_finds_nothing(check):
    checked = check(*shell_scripts())
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_planted_fault_is_found(check, tmp_path):
    script = tmp_path / 'planted'
    script.write_text('#!/usr/bin/env bash\nrm -r $1\n')
    checked = check(script)
    assert checked.returncode == 1 and 'SC2086' in checked.stdout
