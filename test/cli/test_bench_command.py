# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``bench``: solvers with their peers, encoders without a map."""

from dataclasses import replace
import json

import pytest
from support.mapped_room import ROUTE

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.weights import encoder_hash


def test_bench_compares_with_its_peers(tmp_path, capsys):
    assert main(['bench', 'solver', '--problems', '3', '--cells', '500', '--inliers', '0.3', '0.9',
                 '--json', str(tmp_path / 'bench.json')]) == 0
    runs = json.loads((tmp_path / 'bench.json').read_text())['runs']
    assert [run['inlier_ratio'] for run in runs] == [0.3, 0.9]
    for run in runs:
        assert run['solvers']['ours, RGB']['error_ratio_rgb'] == 1
        assert run['solvers']['ours, RGB-D']['success_2cm_1deg'] == 1
    assert 'OpenCV' in capsys.readouterr().out


@pytest.mark.slow
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


@pytest.mark.slow
def test_bench_trains_beside_busy_processes(tmp_path, capsys):
    assert main(['bench', 'training', '--busy', '1', '--seconds', '0.1', '--rounds', '1', '--json',
                 str(tmp_path / 'bench.json')]) == 0
    figures = json.loads((tmp_path / 'bench.json').read_text())
    assert figures['busy'] == 1 and figures['settings']['one thread']['threads'] == 1
    assert figures['settings']['as OpenMP comes']['ratio'] == 1
    assert 'steps a second' in capsys.readouterr().out
    assert main(['bench', 'training', '--busy', '-1']) == 2


def test_bench_maps_asks_for_two_places_each_a_map_and_frames(capsys):
    assert main(['bench', 'maps', '--place', 'room.map', ROUTE]) == 2
    assert 'needs --place MAP SEQUENCE [LIST] twice or more' in capsys.readouterr().err
    assert main(['bench', 'maps', '--place', 'room.map', '--place', 'hall.map', ROUTE]) == 2


def test_bench_maps_finds_the_right_one_beside_a_twin_none(mapped, tmp_path, capsys):
    room, few = mapped / 'room.map', tmp_path / 'few.txt'
    few.write_text('\n'.join((mapped / 'between.txt').read_text().split()[2:4]))
    scene_map = SceneMap.load(room)
    content = replace(scene_map.content, tensors={
        **scene_map.content.tensors, 'codes': scene_map.content.tensors['codes'].flip(1)})
    replace(scene_map, content=content).save(tmp_path / 'nowhere.map')
    scene_map.save(tmp_path / 'twin.map')
    assert main(['bench', 'maps', '--place', str(room), ROUTE, str(few),
                 '--place', str(tmp_path / 'nowhere.map'), ROUTE, str(few),
                 '--twin', str(tmp_path / 'twin.map'), '--json', str(tmp_path / 'b.json')]) == 0
    figures = json.loads((tmp_path / 'b.json').read_text())
    place = figures['places']['room']
    assert (place['accepted'], place['right_map'], place['undecided']) == (2, 2, 0)
    assert place['beside_twins']['accepted'] == 0 and place['beside_twins']['undecided'] == 2
    assert 'beside twins' in capsys.readouterr().out
