# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Maps of key frames of an exact world: made, saved, asked, grown, without depth, of one frame."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.wall import best_errors, CAMERA, wall_frames
import torch

from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import MappingCancelled, MappingProgress
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.matching.cells import (
    Cells,
    CellsOptions,
    ReferenceOptions,
    RetrievalOptions,
)
from scene_reloc_ros.methods.matching.key_frame_maps import novel_views
from scene_reloc_ros.methods.registry import method_class, METHODS
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.rejection import Rejection

FRAMES = wall_frames(70, blur=6.0)  # what a cell shows is larger than a cell


@pytest.fixture(scope='module')
def built():
    """Return a map of all frames but every seventh, in which some were held out and added."""
    return Mapper(CellsOptions(), 'cpu').build([f for i, f in enumerate(FRAMES) if i % 7])


def test_frames_between_the_key_frames_are_found(built):
    metres, degrees = best_errors(built, FRAMES[::7])
    assert np.median(metres) < 0.03 and np.median(degrees) < 0.6
    assert built.metadata['check']['recall_10cm_5deg'] >= 0.9
    assert built.content.method == 'cells' and built.encoder_name == 'small'


def test_held_out_frames_are_added_after_the_check(built):
    mapped = built.metadata['frames'] - built.metadata['check']['frames']
    assert len(built.views) == built.metadata['key_frames'] > mapped
    assert len(built.views) == len(built.content.tensors['counts'])


def test_a_map_survives_its_file(built, tmp_path):
    built.save(tmp_path / 'wall.map')
    loaded = SceneMap.load(tmp_path / 'wall.map')
    first, second = (Localiser(m, device='cpu').localise(FRAMES[7].image, CAMERA)
                     for m in (built, loaded))
    assert np.array_equal(first.map_from_cam, second.map_from_cam)
    assert first.probability == second.probability


def test_an_image_of_another_place_is_refused(built):
    noise = np.random.default_rng(0).integers(0, 256, (240, 120), np.uint8)
    found = Localiser(built, device='cpu').localise(noise, CAMERA)
    assert found.rejection in (Rejection.NO_SIMILAR_VIEW, Rejection.NO_CONSENSUS,
                               Rejection.TOO_FEW_INLIERS), found.detail


def test_an_image_that_looks_like_no_key_frame_is_told_so(built):
    options = {**built.metadata['options'], 'similarity': 0.9999}
    strict = replace(built, metadata={**built.metadata, 'options': options})
    found = Localiser(strict, device='cpu').localise(FRAMES[7].image, CAMERA)
    assert found.rejection is Rejection.NO_SIMILAR_VIEW


def test_without_depth_points_are_triangulated():
    frames = [replace(frame, depth_m=None) for frame in FRAMES[:38:2]]  # too few for a check
    scene_map = Mapper(CellsOptions(), 'cpu').build(frames)
    assert scene_map.depth is None
    metres, _ = best_errors(scene_map, FRAMES[5:35:10])
    assert np.median(metres) < 0.10
    wall = scene_map.content.tensors['points'][:, 2]
    assert abs(float(wall.median()) - 3.0) < 0.05


def test_one_frame_is_a_map():
    scene_map = Mapper(ReferenceOptions(), 'cpu').build([FRAMES[20]])
    metres, _ = best_errors(scene_map, [FRAMES[21], FRAMES[22]])
    assert metres.max() < 0.10 and scene_map.uncertainty.rgb.frames == 0


def test_a_first_key_frame_needs_no_deadline():
    fitted = Cells(CellsOptions(), torch.device('cpu')).fit(
        FRAMES[:1], MappingGenerators.from_seed(0), MappingProgress())
    assert len(fitted.views) == 1 and fitted.metadata['points'] > 50


@pytest.mark.slow
def test_few_frames_validate_maps_of_each_other():
    scene_map = Mapper(CellsOptions(), 'cpu').build(FRAMES[:24])
    check = scene_map.metadata['check']
    assert (check['held_out'], check['maps'], check['frames'], check['blocks']) == (
        True, 4, 24, 12)
    assert check['recall_10cm_5deg'] > 0.8 and check['quality'] != 'unknown'
    assert scene_map.uncertainty.rgb.frames > 18 and scene_map.uncertainty.acceptance.frames > 18
    # the map itself is of all frames: as far as they differ
    assert len(scene_map.views) == scene_map.metadata['key_frames'] > 18


def test_retrieval_answers_with_a_mapping_view_and_is_not_believed():
    scene_map = Mapper(RetrievalOptions(), 'cpu').build(FRAMES[::4])
    found = Localiser(scene_map, device='cpu').trace(FRAMES[21].image, CAMERA)
    views = scene_map.views.double().numpy()
    assert min(np.abs(found.pose.map_from_cam - view).max() for view in views) < 1e-6
    assert found.localisation.rejection is not None and found.pose.covariance[0, 0] > 0.003


def test_a_key_frame_is_ready_for_the_next_query():
    first = Mapper(CellsOptions(), 'cpu').build(FRAMES[:10])
    method = Cells(CellsOptions(), torch.device('cpu'))
    grown = method.add(first, FRAMES[55:70], MappingProgress())
    assert len(grown.views) > len(first.views)
    before, after = (best_errors(m, [FRAMES[66]])[0][0] for m in (first, grown))
    assert after < 0.10 < before


def test_mapping_can_be_cancelled():
    with pytest.raises(MappingCancelled, match='encoding'):
        Mapper(CellsOptions(), 'cpu').build(FRAMES[:12], cancelled=lambda: True)


def test_hardly_any_time_is_refused_with_the_minutes_that_may_do():
    with pytest.raises(ValueError, match='minutes are too few here.*allow at least'):
        Mapper(CellsOptions(minutes=1e-4), 'cpu').build(FRAMES[:19])


def test_a_map_that_lacks_a_part_is_named(built):
    content = MapContent('cells', {k: v for k, v in built.content.tensors.items() if k != 'words'})
    with pytest.raises(ValueError, match='lacks a part of its key frames'):
        Localiser(replace(built, content=content), device='cpu')
    with pytest.raises(ValueError, match="method 'teleport' is not known.*update"):
        Localiser(replace(built, content=MapContent('teleport')), device='cpu')


def test_novel_views_differ_from_all_before_them():
    poses = se3_exp(torch.tensor([[x, 0, 0, 0, 0, 0] for x in (0, 0.01, 0.1, 0.11, 0.3)]).double())
    assert novel_views(poses, 0.1) == [0, 2, 4]
    assert novel_views(poses, 0.1, poses[2:3]) == [0, 4]


@pytest.mark.parametrize('name', METHODS)
def test_every_method_keeps_the_interface(name):
    method = method_class(name)
    assert method.name == name and set(method.presets) == {'fast', 'standard', 'best'}
    assert all(options.method == name for options in method.presets.values())
    minutes = [method.presets[preset].minutes for preset in ('fast', 'standard', 'best')]
    assert minutes == sorted(minutes)
