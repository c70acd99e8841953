# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``pretrain``: encoders that are made, improved and gone on from."""

import json

import pytest

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.network.weights import load_encoder

pytestmark = pytest.mark.alone

@pytest.mark.slow
def test_minutes_of_pretraining_improve_matching_measurably(tmp_path):
    assert main(['pretrain', '--minutes', '2.5', '--images', '60', '--device', 'cpu',
                 '--out', str(tmp_path / 'minute.safetensors'),
                 '--json', str(tmp_path / 'minute.json')]) == 0
    figures = json.loads((tmp_path / 'minute.json').read_text())
    assert figures['matching_after'] > figures['matching_before'] + 0.05
    assert figures['matching_after'] > 1.5 * figures['matching_before']


@pytest.mark.slow
def test_pretraining_goes_on_from_other_weights(tmp_path, capsys):
    out = tmp_path / 'more.safetensors'
    assert main(['pretrain', '--minutes', '0.02', '--images', '2', '--init', 'small',
                 '--out', str(out), '--json', str(tmp_path / 'run.json'), '--device', 'cpu']) == 0
    assert json.loads((tmp_path / 'run.json').read_text())['matching_before'] > 0.2
    assert main(['pretrain', '--minutes', '0.02', '--images', '2', '--init', 'small',
                 '--size', 'base', '--out', str(tmp_path / 'x.safetensors')]) == 2
    assert 'another size' in capsys.readouterr().err


@pytest.mark.slow
def test_pretrain_makes_weights_that_load(tmp_path, capsys):
    out = tmp_path / 'mine.safetensors'
    assert main(['pretrain', '--minutes', '0.05', '--images', '2', '--out', str(out),
                 '--json', str(tmp_path / 'run.json'), '--device', 'cpu']) == 0
    assert load_encoder(str(out)).channels == 256
    figures = json.loads((tmp_path / 'run.json').read_text())
    assert figures['steps'] >= 1 and 0 <= figures['matching_after'] <= 1
