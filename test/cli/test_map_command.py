# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``map``: a map, and how it was made and judged."""

import json

import pytest
from support.machine.disks import names_below, small_disk
from support.mapped_room import LAP, ROUTE

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.mapping.camera_refinement import CameraRefinementOptions
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.mapper import Mapper


def test_the_map_is_small_and_knows_how_it_was_made(mapped):
    figures = json.loads((mapped / 'map.json').read_text())
    assert figures['frames'] == LAP
    assert figures['map_bytes'] == (mapped / 'room.map').stat().st_size < 4.5e6
    check = figures['check']
    assert check['held_out'] and check['blocks'] >= 5 and check['frames'] < LAP / 4
    assert check['recall_10cm_5deg'] > 0.5


def test_a_map_is_judged_on_frames_that_it_gets_afterwards(mapped, capsys):
    assert main(['info', str(mapped / 'room.map')]) == 0
    text = capsys.readouterr().out
    assert 'kept from training' in text and 'is honest' in text and 'quality' in text
    table = SceneMap.load(mapped / 'room.map').uncertainty
    assert table.rgb.frames >= 6 and table.rgbd.frames >= 6 and table.acceptance.frames >= 6
    figures = json.loads((mapped / 'map.json').read_text())
    assert figures['check']['frames'] >= 6
    assert figures['key_frames'] == LAP  # those held out for the check are added after it
    assert len(SceneMap.load(mapped / 'room.map').views) == LAP


def test_a_map_says_what_it_found_of_the_calibration(mapped, capsys):
    """The rendered camera is exact: nothing may be found that the prior calls unusual."""
    figures = json.loads((mapped / 'map.json').read_text())
    unusual = 2 * CameraRefinementOptions().expected  # of few key frames of one room
    assert figures['calibration']['fx'] == pytest.approx(525, rel=unusual)
    assert figures['calibration']['fy'] == pytest.approx(525, rel=unusual)
    assert main(['info', str(mapped / 'room.map')]) == 0
    assert 'as mapping found them' in capsys.readouterr().out


def test_a_map_for_which_the_disk_has_no_room_left_is_kept_where_there_is(
        mapped, tmp_path, monkeypatch, capsys):
    made = SceneMap.load(mapped / 'room.map')
    with small_disk(tmp_path / 'disk') as disk:
        def build(*_, **__):
            disk.fill()
            return made
        monkeypatch.setattr(Mapper, 'build', build)
        assert main(['map', ROUTE, '--out', str(disk.path / 'x.map'),
                     '--json', str(disk.path / 'x.json')]) == 2
        assert names_below(disk.path) == []
        assert SceneMap.load(tmp_path / 'x.map').views.equal(made.views)
        figures = json.loads((tmp_path / 'x.json').read_text())
        assert figures['map_bytes'] == (tmp_path / 'x.map').stat().st_size
        assert str(tmp_path / 'x.map') in capsys.readouterr().out
