# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Maps of local features of an exact world: triangulated or lifted, saved, asked, grown."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.wall import best_errors, CAMERA, wall_frames
import torch

from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.features import (
    FeatureOptions,
    Hierarchical,
    HierarchicalOptions,
    Sift,
)
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.rejection import Rejection

pytestmark = pytest.mark.slow
FRAMES = wall_frames(70, blur=2.0)
ASKED = FRAMES[::7]
MAPPED = [frame for number, frame in enumerate(FRAMES) if number % 7]
METHODS = {'sift': FeatureOptions, 'hierarchical': HierarchicalOptions}


@pytest.fixture(scope='module')
def built():
    """Return a map of each method, of frames without depth."""
    frames = [replace(frame, depth_m=None) for frame in MAPPED]
    return {name: Mapper(options(), 'cpu').build(frames) for name, options in METHODS.items()}


@pytest.mark.parametrize('method', METHODS)
def test_points_are_triangulated_and_frames_between_are_found(built, method):
    scene_map = built[method]
    metres, degrees = best_errors(scene_map, ASKED)
    assert np.median(metres) < 0.02 and metres.max() < 0.06 and degrees.max() < 1.5
    assert scene_map.depth is None and scene_map.encoder_name == ''
    wall = scene_map.content.tensors['points'][:, 2]
    assert float((wall - 3.0).abs().median()) < 0.02


@pytest.mark.parametrize('method', METHODS)
def test_what_checked_a_map_without_depth_is_in_it_afterwards(built, method):
    scene_map = built[method]
    assert scene_map.metadata['check']['frames'] >= 5 and scene_map.uncertainty.rgb.frames >= 5
    along = np.sort(scene_map.views[:, 0, 3].numpy())
    assert np.diff(along).max() < 0.1  # held-out blocks and their guards would leave 0.3 m


@pytest.mark.parametrize('method', METHODS)
def test_a_map_survives_its_file(built, method, tmp_path):
    built[method].save(tmp_path / 'wall.map')
    loaded = SceneMap.load(tmp_path / 'wall.map')
    first, second = (Localiser(m, device='cpu').localise(FRAMES[7].image, CAMERA)
                     for m in (built[method], loaded))
    assert loaded.content.method == method
    assert np.array_equal(first.map_from_cam, second.map_from_cam)


def test_the_seed_makes_the_map():
    first, second = (Mapper(FeatureOptions(), 'cpu').build(FRAMES[:12]) for _ in range(2))
    assert first.content.tensors.keys() == second.content.tensors.keys()
    for name, tensor in first.content.tensors.items():
        assert torch.equal(tensor, second.content.tensors[name]), name


@pytest.mark.parametrize('method', METHODS)
def test_an_image_of_another_place_is_refused(built, method):
    noise = np.random.default_rng(0).integers(0, 256, (240, 120), np.uint8)
    found = Localiser(built[method], device='cpu').localise(noise, CAMERA)
    assert found.rejection in (Rejection.NO_SIMILAR_VIEW, Rejection.NO_CONSENSUS,
                               Rejection.TOO_FEW_INLIERS), found.detail


@pytest.mark.parametrize('method', METHODS)
def test_an_image_without_any_feature_is_told_to_be_flat(built, method):
    blank = np.full((240, 120), 90, np.uint8)
    found = Localiser(built[method], device='cpu').localise(blank, CAMERA)
    assert found.rejection is Rejection.TOO_DARK and found.cells == 0


@pytest.mark.parametrize('features', ['sift', 'orb'])
def test_depth_lifts_what_few_views_see(features):
    options = FeatureOptions(features=features, novelty=0.3)
    scene_map = Mapper(options, 'cpu').build(MAPPED)
    assert scene_map.depth.agreement > 0.9
    metres, _ = best_errors(scene_map, ASKED)
    with_depth, _ = best_errors(scene_map, ASKED, depth=True)
    assert np.median(metres) < 0.04 and np.median(with_depth) < 0.04
    wall = scene_map.content.tensors['points'][:, 2]
    assert float((wall - 3.0).abs().median()) < 0.02


def test_a_key_frame_is_ready_for_the_next_query():
    first = Mapper(HierarchicalOptions(), 'cpu').build(FRAMES[:10])
    method = Hierarchical(HierarchicalOptions(), torch.device('cpu'))
    grown = method.add(first, FRAMES[50:70], MappingProgress())
    assert len(grown.views) > len(first.views)
    # the first frames see a corner of it, so both find it: by far more with a key frame there
    before, after = (Localiser(m, device='cpu').localise(FRAMES[60].image, CAMERA).inliers
                     for m in (first, grown))
    assert after > 3 * before
    assert best_errors(grown, [FRAMES[60]])[0][0] < 0.01


def test_no_more_points_are_kept_than_wanted_however_the_map_grows():
    scene_map = Mapper(FeatureOptions(keep=400), 'cpu').build(FRAMES[:60])
    assert scene_map.metadata['check']['frames'] > 0  # held out, and added afterwards
    assert scene_map.metadata['points'] == len(scene_map.content.tensors['points']) <= 400
    method = Sift(FeatureOptions(keep=400), torch.device('cpu'))
    grown = method.add(scene_map, FRAMES[60:], MappingProgress())
    assert len(grown.views) > len(scene_map.views)
    assert grown.metadata['points'] == len(grown.content.tensors['points']) <= 400
    metres, _ = best_errors(grown, FRAMES[3::7])
    assert np.median(metres) < 0.03


def test_unknown_features_are_named():
    with pytest.raises(ValueError, match="features 'surf' are not known; one of sift, orb"):
        Sift(FeatureOptions(features='surf'), torch.device('cpu'))
