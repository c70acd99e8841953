# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The map file: a round trip, and each damage by its name."""

from dataclasses import replace
import json

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from support.distorted_camera import CAMERA
import torch

from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.scene_map import (
    _checksum,
    checked_transform,
    MapContent,
    SceneMap,
)
from scene_reloc_ros.uncertainty.model import AcceptanceModel, CovarianceModel, UncertaintyModel


def scene_map():
    torch.manual_seed(0)
    content = MapContent('ace', {'head.weight': torch.rand(4, 3), 'head.centre': torch.rand(3)},
                         {'head': {'width': 16}}, frozenset({'head.weight'}))
    return SceneMap(content, 'small', '0123456789abcdef', CAMERA, torch.rand(5, 4, 4),
                    torch.rand(7, 3), CameraRefinement((0.01, 0.0, -0.02, 0.0, 0.03)),
                    {'frames': 5}, uncertainty=UncertaintyModel(
                        AcceptanceModel(0.5, {'inliers': 2.0, 'view_familiarity': 1.5},
                                        {'inliers': -1.0, 'view_familiarity': -0.4}, 9),
                        CovarianceModel(12.0, 11.0, 0.004, 0.002, 0.1, 80)))


def test_a_map_survives_a_round_trip(tmp_path):
    path = tmp_path / 'room.map'
    made = scene_map()
    made.save(path)
    loaded = SceneMap.load(path)
    assert (loaded.camera, loaded.metadata, loaded.encoder_hash) == (
        CAMERA, {'frames': 5}, '0123456789abcdef')
    assert torch.equal(loaded.correction.values, made.correction.values)
    assert torch.equal(loaded.views, made.views) and torch.equal(loaded.cloud, made.cloud)
    assert loaded.uncertainty == made.uncertainty and loaded.uncertainty.rgb.floor_m == 0.004
    assert (loaded.content.method, loaded.content.header) == ('ace', {'head': {'width': 16}})
    read, written = loaded.content.tensors, made.content.tensors
    assert torch.equal(read['head.centre'], written['head.centre'])  # as exact as it was
    assert read['head.weight'].dtype == torch.half
    assert torch.equal(read['head.weight'], written['head.weight'].half())
    assert [p.name for p in tmp_path.iterdir()] == ['room.map']


def test_features_have_in_a_file_the_names_that_older_maps_gave_them(tmp_path):
    scene_map().save(tmp_path / 'room.map')
    content = (tmp_path / 'room.map').read_bytes()
    header = json.loads(content[8:8 + int.from_bytes(content[:8], 'little')])['__metadata__']
    acceptance = json.loads(header['calibration'])['acceptance']
    assert acceptance['weights'] == {'inliers': 2.0, 'nearness': 1.5}
    assert acceptance['typical'] == {'inliers': -1.0, 'nearness': -0.4}


@pytest.mark.parametrize('kept', [0, 4, 100, 1500, -1])
def test_a_truncated_map_is_named(kept, tmp_path):
    path = tmp_path / 'room.map'
    scene_map().save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match='room.map is truncated'):
        SceneMap.load(path)


def rewritten(path, tmp_path, **header):
    """Write a map again with other header fields."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], 'little')
    fields = {**json.loads(content[8:8 + length])['__metadata__'], **header}
    other = tmp_path / 'other.map'
    save_file(load_file(path), other, {k: v for k, v in fields.items() if v is not None})
    return other


@pytest.mark.parametrize('header, sentence', [
    ({'format_version': '1'}, 'format version 1'), ({'format': 'recipe'}, 'is no scene_reloc'),
    ({'checksum': 'x'}, 'damaged'), ({'camera': None}, 'lacks a part'),
    ({'content': 'no'}, 'lacks a part'), ({'method': None}, 'lacks a part')])
def test_a_foreign_or_damaged_map_is_named(header, sentence, tmp_path):
    path = tmp_path / 'room.map'
    scene_map().save(path)
    with pytest.raises(ValueError, match=f'other.map.*{sentence}'):
        SceneMap.load(rewritten(path, tmp_path, **header))


def test_a_map_from_before_there_were_methods_is_one_of_ace(tmp_path):
    path = tmp_path / 'room.map'
    made = scene_map()
    made.save(path)
    content = path.read_bytes()
    header = json.loads(content[8:8 + int.from_bytes(content[:8], 'little')])['__metadata__']
    tensors = {key.removeprefix('content.'): value for key, value in load_file(path).items()}
    old = {**header, 'format_version': '4', 'head': json.dumps({'width': 16}),
           'checksum': _checksum(tensors)}
    save_file(tensors, path, {key: old[key] for key in old.keys() - {'method', 'content'}})
    loaded = SceneMap.load(path)
    assert loaded.content.method == 'ace' and loaded.content.header == {'head': {'width': 16}}
    assert set(loaded.content.tensors) == {'head.weight', 'head.centre'}
    assert torch.equal(loaded.views, made.views)


def test_a_map_keeps_its_origin_to_the_last_bit(tmp_path):
    origin = (448_000.1, -5_412_000.7, 1 / 3)
    made = replace(scene_map(), origin=origin)
    made.save(tmp_path / 'room.map')
    loaded = SceneMap.load(tmp_path / 'room.map')
    assert loaded.origin == origin and torch.equal(loaded.views, made.views)
    expected = made.views[:, :3, 3].double().numpy() + np.array(origin)
    np.testing.assert_array_equal(loaded.positions.numpy(), expected)
    np.testing.assert_array_equal(loaded.map_views[:, :3, :3], made.views[:, :3, :3].double())
    assert torch.equal(loaded.views, made.views)  # what was asked for is no view of them


def test_a_map_from_before_there_was_an_origin_is_in_the_map_frame(tmp_path):
    path = tmp_path / 'room.map'
    made = scene_map()
    made.save(path)
    loaded = SceneMap.load(rewritten(path, tmp_path, format_version='5', origin=None))
    assert loaded.origin == (0.0, 0.0, 0.0) and torch.equal(loaded.cloud, made.cloud)
    assert torch.equal(loaded.map_views, made.views.double())


@pytest.mark.parametrize('origin', ['[1, 2]', '["x", 0, 0]', 'null', '{'])
def test_an_origin_that_is_none_is_named(origin, tmp_path):
    scene_map().save(tmp_path / 'room.map')
    with pytest.raises(ValueError, match='other.map lacks a part'):
        SceneMap.load(rewritten(tmp_path / 'room.map', tmp_path, origin=origin))


PLACED = (448_000.1, -5_412_000.7, 1 / 3, 0.0, 0.0, 0.6, 0.8)


def test_a_transform_is_kept_to_the_last_bit_and_changes_nothing_else(tmp_path):
    made = scene_map()
    made.save(tmp_path / 'plain.map')
    replace(made, transform=checked_transform(PLACED)).save(tmp_path / 'placed.map')
    plain, placed = (SceneMap.load(tmp_path / f'{name}.map') for name in ('plain', 'placed'))
    assert placed.transform == PLACED and plain.transform is None
    assert torch.equal(placed.views, plain.views) and placed.metadata == plain.metadata
    headers = []
    for name, one in (('plain', plain), ('again', replace(placed, transform=None))):
        one.save(tmp_path / f'{name}.map')
        content = (tmp_path / f'{name}.map').read_bytes()
        headers.append(json.loads(content[8:8 + int.from_bytes(content[:8], 'little')]))
    assert headers[0] == headers[1]


def test_programs_that_know_no_transform_refuse_a_map_with_one_and_read_the_others(tmp_path):
    versions = []
    for transform in (None, PLACED):
        replace(scene_map(), transform=transform).save(tmp_path / 'room.map')
        content = (tmp_path / 'room.map').read_bytes()
        header = json.loads(content[8:8 + int.from_bytes(content[:8], 'little')])
        versions.append(header['__metadata__']['format_version'])
    assert versions == ['6', '7']


@pytest.mark.parametrize('transform', ['[1, 2]', '["x", 0, 0, 0, 0, 0, 1]', '{', '3',
                                       '[0, 0, 0, 0, 0, 0, 0]', '[NaN, 0, 0, 0, 0, 0, 1]'])
def test_a_transform_in_a_file_that_is_none_is_named(transform, tmp_path):
    scene_map().save(tmp_path / 'room.map')
    with pytest.raises(ValueError, match='other.map lacks a part'):
        SceneMap.load(rewritten(tmp_path / 'room.map', tmp_path, transform=transform))


@pytest.mark.parametrize('values, sentence', [
    ((0, 0, 0, 0, 0, 0, 0), 'has length 0; expected 1'),
    ((0, 0, 0, 1, 1, 1, 1), 'has length 2; expected 1'),
    ((0, 0, float('nan'), 0, 0, 0, 1), 'NaN or Inf'), ((0, 0, 0, 0, 0, 0, float('inf')), 'NaN or'),
    ((0, 0, 0), 'of 3 numbers; expected x y z qx qy qz qw'), ((1e9, 0, 0, 0, 0, 0, 1), 'farther')])
def test_seven_numbers_that_are_no_transform_are_refused_by_a_sentence(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        checked_transform(values)


def test_a_quaternion_that_was_typed_with_few_digits_gets_length_one():
    transform = checked_transform((1, 2, 3, 0, 0, 0.707, 0.707))
    assert sum(part ** 2 for part in transform[3:]) == pytest.approx(1, abs=1e-15)
    assert transform[:3] == (1.0, 2.0, 3.0)


def test_the_colours_of_the_cloud_survive_and_a_map_without_them_loads(tmp_path):
    colours = torch.arange(21, dtype=torch.uint8).reshape(7, 3)
    replace(scene_map(), colours=colours).save(tmp_path / 'room.map')
    assert torch.equal(SceneMap.load(tmp_path / 'room.map').colours, colours)
    scene_map().save(tmp_path / 'old.map')
    assert 'colours' not in load_file(tmp_path / 'old.map')
    assert SceneMap.load(tmp_path / 'old.map').colours is None


@pytest.mark.parametrize('colours', [torch.zeros(6, 3, dtype=torch.uint8), torch.zeros(7, 3)])
def test_colours_that_are_none_of_the_cloud_are_named(colours, tmp_path):
    replace(scene_map(), colours=colours).save(tmp_path / 'room.map')
    with pytest.raises(ValueError, match='room.map lacks a part .colours of shape'):
        SceneMap.load(tmp_path / 'room.map')


def test_a_missing_map_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(ValueError, match='absent.map does not exist'):
        SceneMap.load(tmp_path / 'absent.map')
    with pytest.raises(ValueError, match='folder .* does not exist'):
        scene_map().save(tmp_path / 'no' / 'room.map')
