# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Style of the code with ruff, which stands in where ament is not installed."""

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.linter
def test_ruff_finds_nothing():
    ruff = Path(sys.prefix) / 'bin' / 'ruff'
    ruff = str(ruff) if ruff.is_file() else shutil.which('ruff')
    if ruff is None:
        pytest.skip('ruff is not installed')
    checked = subprocess.run([ruff, 'check', '--no-cache', '--output-format', 'concise', ROOT],
                             capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
