# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The commands that measure and that make encoders."""

import json

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.network.weights import encoder_hash, load_encoder

ROUTE = 'simulated:survey?frames=300'


def test_bench_compares_with_its_peers(tmp_path, capsys):
    assert main(['bench', 'solver', '--problems', '3', '--cells', '500', '--inliers', '0.3', '0.9',
                 '--json', str(tmp_path / 'bench.json')]) == 0
    runs = json.loads((tmp_path / 'bench.json').read_text())['runs']
    assert [run['inlier_ratio'] for run in runs] == [0.3, 0.9]
    for run in runs:
        assert run['solvers']['ours, RGB']['error_ratio_rgb'] == 1
        assert run['solvers']['ours, RGB-D']['success_2cm_1deg'] == 1
    assert 'OpenCV' in capsys.readouterr().out


def test_bench_judges_encoders_without_a_map(tmp_path, capsys):
    names = open_sequence(ROUTE).names[:40]
    (tmp_path / 'list.txt').write_text('\n'.join(names))
    assert main(['bench', 'encoder', '--pairs', '2', '--sequence', ROUTE, '--frames',
                 str(tmp_path / 'list.txt'), '--json', str(tmp_path / 'bench.json')]) == 0
    figures = json.loads((tmp_path / 'bench.json').read_text())
    row = figures['encoders']['small']
    assert row['gmac'] <= 6 and row['hash'] == encoder_hash('small') and figures['machine']
    for judge in ('procedural', 'procedural, light', 'sequence', 'sequence, light'):
        assert 0.1 < row[judge] <= 1
    assert 'right one' in capsys.readouterr().out


def test_a_minute_of_pretraining_improves_matching_measurably(tmp_path):
    assert main(['pretrain', '--minutes', '1', '--images', '60', '--device', 'cpu',
                 '--out', str(tmp_path / 'minute.safetensors'),
                 '--json', str(tmp_path / 'minute.json')]) == 0
    figures = json.loads((tmp_path / 'minute.json').read_text())
    assert figures['matching_after'] > figures['matching_before'] + 0.05
    assert figures['matching_after'] > 1.5 * figures['matching_before']


def test_pretraining_goes_on_from_other_weights(tmp_path, capsys):
    out = tmp_path / 'more.safetensors'
    assert main(['pretrain', '--minutes', '0.02', '--images', '2', '--init', 'small',
                 '--out', str(out), '--json', str(tmp_path / 'run.json'), '--device', 'cpu']) == 0
    assert json.loads((tmp_path / 'run.json').read_text())['matching_before'] > 0.2
    assert main(['pretrain', '--minutes', '0.02', '--images', '2', '--init', 'small',
                 '--size', 'base', '--out', str(tmp_path / 'x.safetensors')]) == 2
    assert 'another size' in capsys.readouterr().err


def test_pretrain_makes_weights_that_load(tmp_path, capsys):
    out = tmp_path / 'mine.safetensors'
    assert main(['pretrain', '--minutes', '0.05', '--images', '2', '--out', str(out),
                 '--json', str(tmp_path / 'run.json'), '--device', 'cpu']) == 0
    assert load_encoder(str(out)).channels == 256
    figures = json.loads((tmp_path / 'run.json').read_text())
    assert figures['steps'] >= 1 and 0 <= figures['matching_after'] <= 1
