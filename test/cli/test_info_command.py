# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``info``: what is in a map file, or in a recording."""

import json
from pathlib import Path
import shutil

import pytest
from support.mapped_room import LAP
from support.small_recording import small_frames, write_small_recording
from support.worlds.frame_folder import tear, write_folder
import torch

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.mapping.scene_map import SceneMap


def test_info_says_what_is_in_a_map(mapped, capsys):
    assert main(['info', str(mapped / 'room.map')]) == 0
    text = capsys.readouterr().out
    assert 'encoder' in text and 'small' in text and f'{LAP}, cameras moved' in text


def test_a_truncated_map_is_refused(mapped, capsys):
    cut = mapped / 'cut.map'
    cut.write_bytes((mapped / 'room.map').read_bytes()[:5000])
    assert main(['info', str(cut)]) == 2
    assert 'cut.map is truncated' in capsys.readouterr().err


@pytest.fixture
def copied(mapped, tmp_path):
    """Return a copy of the map, to write into."""
    return Path(shutil.copy(mapped / 'room.map', tmp_path / 'copy.map'))


QUARTER = 0.5 ** 0.5


@pytest.mark.parametrize('typed', [
    ['1.5', '-2', '3e-1', '0', '0', str(-QUARTER), str(QUARTER)],
    [f' 1.5 -2 3e-1 0 0 {-QUARTER} {QUARTER}'], [f'1.5,-2,0.3,0,0,{-QUARTER},{QUARTER}']])
def test_a_transform_is_written_into_the_map_told_and_taken_away(copied, tmp_path, typed, capsys):
    before = SceneMap.load(copied)
    told = tmp_path / 'info.json'
    assert main(['info', str(copied), '--set-transform', *typed, '--json', str(told)]) == 0
    assert 'x 1.500 y -2.000 z 0.300 m' in capsys.readouterr().out
    expected = (1.5, -2.0, 0.3, 0.0, 0.0, -QUARTER, QUARTER)
    assert SceneMap.load(copied).transform == pytest.approx(expected, abs=1e-15)
    assert json.loads(told.read_text())['transform'] == pytest.approx(expected, abs=1e-15)
    assert main(['info', str(copied)]) == 0
    assert main(['info', str(copied), '--set-transform', 'none', '--json', str(told)]) == 0
    assert json.loads(told.read_text())['transform'] is None
    after = SceneMap.load(copied)
    assert after.metadata == before.metadata and after.uncertainty == before.uncertainty
    assert all(torch.equal(after.content.tensors[key], tensor)
               for key, tensor in before.content.tensors.items())


@pytest.mark.parametrize('typed, sentence', [
    (['0', '0', '0', '0', '0', '0', '0'], 'has length 0; expected 1'),
    (['nan', '0', '0', '0', '0', '0', '1'], 'contains NaN or Inf'),
    (['1', '2', '3'], 'a transform of 3 numbers; expected x y z qx qy qz qw'),
    (['one', '0', '0', '0', '0', '0', '1'], 'is not made of numbers'),
    (['nothing'], 'is not made of numbers; expected x y z qx qy qz qw, or none')])
def test_what_is_no_transform_is_refused_and_the_map_stays(copied, typed, sentence, capsys):
    before = copied.read_bytes()
    assert main(['info', str(copied), '--set-transform', *typed]) == 2
    assert sentence in capsys.readouterr().err
    assert copied.read_bytes() == before


def test_info_says_what_is_in_a_recording_and_draws_it(tmp_path, capsys):
    write_small_recording(tmp_path / 'walk', 9)
    assert main(['info', str(tmp_path / 'walk'), '--plots', str(tmp_path / 'plots'),
                 '--json', str(tmp_path / 'walk.json')]) == 0
    text = capsys.readouterr().out
    assert '9 in 0.8 s, 9 with a pose' in text and '64x48' in text and 'conventions' in text
    figures = json.loads((tmp_path / 'walk.json').read_text())
    assert figures['sequence'].endswith('walk') and figures['depth']['frames'] == 1.0
    assert (tmp_path / 'plots' / 'recording.png').stat().st_size > 10_000


def test_info_names_frames_that_cannot_be_read(tmp_path, capsys):
    folder = write_folder(tmp_path / 'scene', small_frames(8))
    tear(folder / 'frame-000002.color.png')
    assert main(['info', str(folder)]) == 0
    text = capsys.readouterr().out
    assert 'frame-000002.color.png' in text and '1 of 8 frames that were read' in text


def test_poses_of_another_time_are_taken_on_request(tmp_path, capsys):
    write_small_recording(tmp_path / 'walk', 9)
    assert main(['info', str(tmp_path / 'walk'), '--time-offset', '100']) == 0
    assert '9 in 0.8 s, 8 with a pose' in capsys.readouterr().out


@pytest.mark.parametrize('arguments, sentence', [
    (['/nowhere.map'], '/nowhere.map'),
    (['/nowhere.map', '--plots', '{tmp}/plots'], '--plots draws a sequence'),
    (['{tmp}'], 'holds no sequence'),
    (['{tmp}', '--time-offset', 'nan'], '--time-offset is nan; expected milliseconds'),
    (['{tmp}', '--time-offset', '1e9'], '--time-offset is 1000000000.0; expected milliseconds'),
])
def test_what_cannot_be_looked_at_is_one_sentence(arguments, sentence, tmp_path, capsys):
    assert main(['info', *(one.format(tmp=tmp_path) for one in arguments)]) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count('\n') == 1
