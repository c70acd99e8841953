# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``evaluate``: figures, other light, pictures of other places."""

from dataclasses import replace
import json

from support.mapped_room import LAP, ROUTE
from support.worlds.frame_folder import lose_tracking, tear, write_folder

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.mapping.scene_map import SceneMap


def test_pictures_of_other_places_are_refused_and_counted(mapped, capsys):
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--trust', '8',
                 '--json', str(mapped / 'trust.json')]) == 0
    figures = json.loads((mapped / 'trust.json').read_text())
    kinds = figures['trust']['kinds']
    assert set(kinds) == {'clean', 'light', 'blur', 'noise', 'otherroom', 'procedural',
                          'mirrored', 'shuffled'}
    strangers = [kinds[kind] for kind in ('otherroom', 'procedural', 'mirrored', 'shuffled')]
    assert [part['queries'] for part in strangers] == [2] * 4
    assert sum(part['accepted'] for part in strangers) == 0
    assert figures['acceptance_of_good'] > 0.7
    assert 'accepted with a gross error' in capsys.readouterr().out


def test_evaluate_writes_the_figures_that_others_rely_on(mapped, capsys):
    code = main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--json', str(mapped / 'eval.json'),
                 '--plots', str(mapped / 'plots')])
    figures = json.loads((mapped / 'eval.json').read_text())
    assert code == 0
    assert {'frames', 'accepted', 'median_translation_m', 'median_rotation_deg',
            'recall_2cm_2deg', 'recall_5cm_5deg', 'recall_10cm_5deg', 'latency_ms', 'solver',
            'device', 'map_bytes'} <= set(figures)
    assert figures['frames'] == LAP // 8
    assert {'nees_mean', 'nees_within_95', 'false_accept_rate', 'acceptance_of_good'} <= set(
        figures)
    assert (mapped / 'plots' / 'trust.png').is_file()
    assert figures['median_translation_m'] < 0.10
    assert set(figures['latency_ms']) == {'median', 'p95'}
    assert (mapped / 'plots' / 'errors.png').is_file()
    assert 'median error' in capsys.readouterr().out


def test_evaluate_in_other_light_says_what_that_costs(mapped, capsys):
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--perturb', 'light',
                 '--json', str(mapped / 'light.json')]) == 0
    figures = json.loads((mapped / 'light.json').read_text())
    clean = json.loads((mapped / 'eval.json').read_text())
    assert figures['perturb'] == 'light'
    assert figures['unperturbed']['median_translation_m'] == clean['median_translation_m']
    assert figures['median_translation_m'] != clean['median_translation_m']
    assert 'points lost' in capsys.readouterr().out


def damaged_folder(folder, torn):
    """Write frames of the room as a folder: some pictures torn, a pose lost, a pose missing."""
    room = open_sequence(ROUTE)
    write_folder(folder, [room[number] for number in range(9)])
    for number in torn:
        tear(folder / f'frame-{number:06d}.color.png')
    lose_tracking(folder / 'frame-000005.pose.txt')
    (folder / 'frame-000006.pose.txt').unlink()
    tear(folder / 'frame-000007.depth.png')  # not asked for
    return str(folder)


def test_a_frame_that_cannot_be_read_is_left_out_counted_and_named(mapped, tmp_path, capsys):
    folder = damaged_folder(tmp_path / 'folder', [3])
    assert main(['evaluate', str(mapped / 'room.map'), folder,
                 '--json', str(tmp_path / 'eval.json')]) == 0
    figures, said = json.loads((tmp_path / 'eval.json').read_text()), capsys.readouterr().out
    assert figures['frames'] == 6 and figures['accepted'] >= 4
    assert figures['left_out']['unreadable'] == 2 and figures['left_out']['without_pose'] == 1
    assert 'frame-000003.color.png cannot be decoded' in said
    assert 'frame-000005.pose.txt contains NaN or Inf' in said
    assert '2 of 9 frames left out, which cannot be read' in said
    assert '1 of 9 frames left out, which have no pose' in said


def test_more_than_a_third_that_cannot_be_read_is_an_error(mapped, tmp_path, capsys):
    folder = damaged_folder(tmp_path / 'folder', [1, 2, 3])
    assert main(['evaluate', str(mapped / 'room.map'), folder]) == 2
    assert '4 of 9 frames cannot be read, more than a third' in capsys.readouterr().err


def test_a_list_that_names_an_absent_frame_is_refused(mapped, capsys):
    (mapped / 'absent.txt').write_text('frame-x\n')
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'absent.txt')]) == 2
    assert 'frame-x' in capsys.readouterr().err


def test_of_several_maps_the_accepted_frames_of_each_are_counted(mapped, tmp_path, capsys):
    scene_map = SceneMap.load(mapped / 'room.map')
    content = replace(scene_map.content, tensors={
        **scene_map.content.tensors, 'codes': scene_map.content.tensors['codes'].flip(1)})
    replace(scene_map, content=content).save(tmp_path / 'nowhere.map')
    few = tmp_path / 'few.txt'
    few.write_text('\n'.join((mapped / 'between.txt').read_text().split()[1:4]))
    assert main(['evaluate', str(mapped / 'room.map'), str(tmp_path), ROUTE, '--frames', str(few),
                 '--json', str(tmp_path / 'eval.json')]) == 0
    figures = json.loads((tmp_path / 'eval.json').read_text())
    assert 'maps' in capsys.readouterr().out
    assert [one['map'] for one in figures['answers']] == ['room'] * 3
    assert all(one['translation_m'] < 0.1 for one in figures['answers'])
    assert figures['map_bytes'] == sum(file.stat().st_size for file in (
        mapped / 'room.map', tmp_path / 'nowhere.map'))
