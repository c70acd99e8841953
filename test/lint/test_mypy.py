# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Types of the whole package with mypy."""

from importlib.util import find_spec
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.linter
@pytest.mark.slow
def test_mypy_finds_nothing(tmp_path):
    if find_spec('mypy') is None:
        pytest.skip('mypy is not installed')
    checked = subprocess.run([sys.executable, '-m', 'mypy', '--cache-dir', tmp_path],
                             cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
