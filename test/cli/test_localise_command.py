# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``."""

from dataclasses import replace
import json

import numpy as np
import pytest
from support.mapped_room import LAP, ROUTE
from support.worlds.frame_folder import lose_tracking, tear, write_folder

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.seven_scenes import SevenScenesSequence
from scene_reloc_ros.mapping.scene_map import SceneMap

COUNT = 9


@pytest.fixture
def folder(tmp_path):
    """Write frames of the room as a folder whose poses and depths are of no use."""
    room = open_sequence(ROUTE)
    folder = write_folder(tmp_path / 'folder', [room[number] for number in range(COUNT)])
    for number in range(COUNT):
        stem = folder / f'frame-{number:06d}'
        lose_tracking(stem.with_suffix('.pose.txt'))
        tear(stem.with_suffix('.depth.png'))
    return folder


def test_neither_poses_nor_depths_are_needed_and_a_torn_picture_costs_itself(
        mapped, folder, tmp_path, capsys):
    out = tmp_path / 'poses.tum'
    for number in (3, 5):
        tear(folder / f'frame-{number:06d}.color.png')
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--out', str(out)]) == 0
    said = capsys.readouterr().out
    assert len(np.loadtxt(out)) >= 5
    assert said.count('left out: image') == 2 and 'frame-000003.color.png' in said


def test_too_many_torn_pictures_are_an_error_and_the_rest_is_kept(
        mapped, folder, tmp_path, capsys):
    out = tmp_path / 'poses.tum'
    for number in range(1, COUNT):
        tear(folder / f'frame-{number:06d}.color.png')
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--out', str(out)]) == 2
    said = capsys.readouterr()
    assert 'and 3 more that cannot be read' in said.out
    assert '8 of 9 frames cannot be read, more than a third; the first: image' in said.err
    assert out.read_text().startswith('# stamp tx ty tz') and len(np.loadtxt(out, ndmin=2)) == 1


def test_depth_that_is_asked_for_costs_a_frame_where_it_cannot_be_read(
        mapped, folder, tmp_path, capsys):
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--depth',
                 '--out', str(tmp_path / 'poses.tum')]) == 2
    assert 'frame-000000.depth.png cannot be decoded' in capsys.readouterr().err


def test_an_interrupted_run_leaves_the_poses_that_it_had(
        mapped, folder, tmp_path, capsys, monkeypatch):
    read, out = SevenScenesSequence.query, tmp_path / 'poses.tum'

    def interrupted(sequence, index, with_depth):
        if index == 4:
            raise KeyboardInterrupt
        return read(sequence, index, with_depth)
    monkeypatch.setattr(SevenScenesSequence, 'query', interrupted)
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--out', str(out)]) == 130
    assert len(np.loadtxt(out, ndmin=2)) == 4
    assert 'interrupted' in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ['folder', 'poses.tum']


def test_localise_writes_a_trajectory_of_the_true_poses(mapped):
    out = mapped / 'poses.tum'
    assert main(['localise', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--out', str(out)]) == 0
    rows = np.loadtxt(out)
    frames = open_sequence(ROUTE)
    truth = {f'{frames[i].stamp_ns / 1e9:.6f}': frames.map_from_cam(i) for i in range(1, LAP, 8)}
    assert len(rows) >= 3
    distances = [np.linalg.norm(row[1:4] - truth[f'{row[0]:.6f}'][:3, 3]) for row in rows]
    assert np.median(distances) < 0.10


def test_of_several_maps_each_frame_names_its_own(mapped, tmp_path, capsys):
    twin, other = tmp_path / 'twin.map', tmp_path / 'other.map'
    scene_map = SceneMap.load(mapped / 'room.map')
    content = replace(scene_map.content, tensors={
        **scene_map.content.tensors, 'codes': scene_map.content.tensors['codes'].flip(1)})
    replace(scene_map, content=content).save(other)  # descriptors that are seen nowhere
    scene_map.save(twin)
    asked = ['--frames', str(mapped / 'between.txt'), '--out', str(tmp_path / 'poses.tum'),
             '--json', str(tmp_path / 'answers.json')]
    assert main(['localise', str(mapped / 'room.map'), str(other), ROUTE, *asked]) == 0
    found = json.loads((tmp_path / 'answers.json').read_text())
    assert found['localised'] == len(np.loadtxt(tmp_path / 'poses.tum')) >= LAP // 8 - 1
    assert {one['map'] for one in found['answers'] if one['reason'] is None} == {'room'}
    assert [one['frame'] for one in found['answers']] == (
        mapped / 'between.txt').read_text().split()
    assert main(['localise', str(mapped / 'room.map'), str(tmp_path), ROUTE, *asked]) == 0
    found = json.loads((tmp_path / 'answers.json').read_text())
    assert found['localised'] == 0 and found['rejections'] == {'undecided_map': LAP // 8}
    assert 'Two maps explain the image about as well.' in capsys.readouterr().out


@pytest.mark.parametrize('maps, sentence', [
    (['{0}', 'nowhere.map'], 'map file nowhere.map does not exist'),
    (['{0}', '{0}'], 'is named twice'), (['.'], 'folder . holds no map')])
def test_a_list_of_maps_that_makes_no_sense_is_refused(mapped, tmp_path, maps, sentence,
                                                       monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [text.format(mapped / 'room.map') for text in maps]
    assert main(['localise', *files, ROUTE, '--out', 'poses.tum']) == 2
    assert sentence in capsys.readouterr().err
