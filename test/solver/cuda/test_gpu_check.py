# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The script gpu_check on a machine without a GPU."""

from pathlib import Path
import shutil
import subprocess

ROOT = Path(__file__).resolve().parents[3]


def test_without_a_gpu_it_says_so_in_one_sentence_and_writes_nothing(tmp_path):
    scripts, venv = tmp_path / 'scripts', tmp_path / 'venv'
    scripts.mkdir()
    (venv / 'bin').mkdir(parents=True)
    for name in ('gpu_check', 'environment.sh'):
        shutil.copy(ROOT / 'scripts' / name, scripts)
    for file, body in ((scripts / 'setup', 'exit 0'), (venv / 'bin' / 'python', 'exit 1')):
        file.write_text(f'#!/usr/bin/env bash\n{body}\n')
        file.chmod(0o755)
    done = subprocess.run([scripts / 'gpu_check'], capture_output=True, text=True, timeout=60,
                          env={'PATH': '/usr/bin:/bin', 'SCENE_RELOC_VENV': str(venv)})
    assert done.returncode == 1
    assert done.stderr.startswith('gpu_check: ') and done.stderr.count('\n') == 1
    assert not (tmp_path / 'docs').exists()
