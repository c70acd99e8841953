# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``doctor``."""

from scene_reloc_ros.cli.main import main


def test_doctor_finds_what_this_machine_has(capsys):
    main(['doctor'])
    lines = capsys.readouterr().out.splitlines()
    assert any('torch' in line and 'solver reference' in line for line in lines)
    assert any('encoder' in line and 'ok' in line for line in lines)
    assert any('scikit-learn' in line for line in lines)
