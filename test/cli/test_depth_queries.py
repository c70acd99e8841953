# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries with depth on one map: better, or refused with the reason."""

from dataclasses import replace
import json

import numpy as np
import pytest
from support.mapped_room import ROUTE

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.localiser import Localiser


def test_mapping_finds_that_the_rendered_depth_is_right(mapped, room_localiser, capsys):
    depth = room_localiser.scene_map.depth
    assert depth.unavailable() is None and depth.agreement > 0.6 and 0 < depth.weight <= 1
    distances = 1 / (depth.scale / np.array((1.0, 2.0, 3.0)) + depth.offset)
    assert np.allclose(distances, (1, 2, 3), rtol=0.1)
    assert main(['info', str(mapped / 'room.map')]) == 0
    assert 'cells agree within 0.1 m' in capsys.readouterr().out


def test_evaluate_takes_depth_and_says_so(mapped, capsys):
    errors = {}
    for kind, options in (('rgb', []), ('rgbd', ['--depth'])):
        assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                     str(mapped / 'between.txt'), *options, '--json',
                     str(mapped / f'{kind}.json')]) == 0
        figures = json.loads((mapped / f'{kind}.json').read_text())
        assert figures['depth'] == (kind == 'rgbd')
        errors[kind] = figures['median_translation_m']
    assert errors['rgbd'] != errors['rgb']
    assert errors['rgbd'] < errors['rgb'] + 0.02


def test_a_query_says_how_well_its_depths_agree(room_localiser):
    frame = open_sequence(ROUTE)[10]
    found = room_localiser.localise(frame.image, frame.camera, frame.depth_m)
    assert found.accepted and 'depths within' in found.detail
    assert float(pose_errors(found.map_from_cam, frame.map_from_cam)[0]) < 0.15


def test_holes_and_smaller_depth_images_are_fine(room_localiser):
    frame = open_sequence(ROUTE)[10]
    holes = frame.depth_m.copy()
    holes[100:300] = np.nan
    for depth in (holes, frame.depth_m[::2, ::2], np.zeros_like(frame.depth_m)):
        assert room_localiser.localise(frame.image, frame.camera, depth).accepted


def test_a_depth_that_belongs_to_another_image_is_no_help_and_no_harm(room_localiser):
    frame = open_sequence(ROUTE)[10]
    plain = room_localiser.localise(frame.image, frame.camera)
    found = room_localiser.localise(frame.image, frame.camera, frame.depth_m[:, ::-1].copy())
    if found.accepted:
        assert float(pose_errors(found.map_from_cam, plain.map_from_cam)[0]) < 0.15
    with pytest.raises(ValueError, match='not in metres: send millimetres as 16UC1'):
        room_localiser.localise(frame.image, frame.camera, frame.depth_m * 1000)


def test_a_map_made_without_depth_refuses_it(mapped, room_localiser, tmp_path, capsys):
    frame = open_sequence(ROUTE)[10]
    without = replace(room_localiser.scene_map, depth=None)
    without.save(tmp_path / 'rgb.map')
    assert main(['evaluate', str(tmp_path / 'rgb.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--depth']) == 2
    assert 'made without depth' in capsys.readouterr().err
    with pytest.raises(ValueError, match='made without depth'):
        Localiser(without).localise(frame.image, frame.camera, frame.depth_m)


def test_a_map_whose_depth_disagrees_refuses_it(mapped, room_localiser, tmp_path, capsys):
    odd = replace(room_localiser.scene_map, depth=DepthCorrection(agreement=0.2))
    odd.save(tmp_path / 'odd.map')
    assert SceneMap.load(tmp_path / 'odd.map').depth == DepthCorrection(agreement=0.2)
    assert main(['localise', str(tmp_path / 'odd.map'), ROUTE, '--depth', '--out',
                 str(tmp_path / 'poses.tum')]) == 2
    assert '20%' in capsys.readouterr().err


def test_a_depth_of_another_shape_is_named(room_localiser):
    frame = open_sequence(ROUTE)[10]
    with pytest.raises(ValueError, match='480x480'):
        room_localiser.localise(frame.image, frame.camera, frame.depth_m[:, :480])
