# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Several maps asked as one: the right one answers, at the cost of one, and twins do not."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from support.exact_scene import CAMERA as EXACT_CAMERA
from support.exact_scene import exact_localiser, MAP_FROM_CAM, points_seen_from, TEXTURE
from support.worlds.wall import CAMERA, wall_frames
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching import cell_queries
from scene_reloc_ros.methods.matching.cells import Cells, CellsOptions
from scene_reloc_ros.methods.matching.features import FeatureOptions, Sift
from scene_reloc_ros.methods.method import encoded
from scene_reloc_ros.network.weights import encoder_hash
from scene_reloc_ros.pipeline.atlas.atlas import Atlas, AtlasOptions, load_maps
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.model import (
    AcceptanceModel,
    CovarianceModel,
    ImageStatistics,
    UncertaintyModel,
)
from scene_reloc_ros.uncertainty.rejection import Rejection

pytestmark = pytest.mark.slow  # five small maps are made
NAMES = 'hall', 'yard', 'attic'
WALLS = {name: wall_frames(32, blur=6.0, seed=seed) for seed, name in enumerate(NAMES)}
# Many that agree make a pose sure; what chance brings together is a fiftieth of the matches.
SURE = UncertaintyModel(AcceptanceModel(8.0, {'inliers': 4.0}),
                        CovarianceModel(3.0, 3.0, 0.005, 0.003),
                        images=ImageStatistics(0.01, 0.1))  # the walls are soft


def mapped(frames, method=Cells, options=None):
    """Return a map of frames as a method makes it."""
    options = options or CellsOptions()
    fitted = method(options, torch.device('cpu')).fit(
        frames, MappingGenerators.from_seed(0), MappingProgress())
    return SceneMap(
        fitted.content, fitted.encoder, encoder_hash(fitted.encoder) if fitted.encoder else '',
        CAMERA, fitted.views, fitted.cloud, fitted.correction, {'options': asdict(options)},
        fitted.depth, uncertainty=SURE)


@pytest.fixture(scope='module')
def maps():
    """Return the map of each wall, of every fourth frame."""
    return {name: mapped(frames[::4]) for name, frames in WALLS.items()}


@pytest.fixture(scope='module')
def night():
    """Return another map of the hall, of other frames."""
    return mapped(WALLS['hall'][2::4])


@pytest.fixture(scope='module')
def features():
    """Return another map of the yard, by features."""
    return mapped(WALLS['yard'][::4], Sift, FeatureOptions())


def atlas_of(maps, **options):
    """Return an Atlas of maps."""
    return Atlas({name: Localiser(one, device='cpu') for name, one in maps.items()},
                 AtlasOptions(**options))


@pytest.mark.parametrize('name', NAMES)
def test_an_image_is_answered_in_the_map_of_its_wall(maps, name):
    atlas, alone = atlas_of(maps), Localiser(maps[name], device='cpu')
    for frame in WALLS[name][5:30:12]:
        found = atlas.localise(frame.image, CAMERA)
        assert (found.map, found.accepted) == (name, True), found
        expected = alone.localise(frame.image, CAMERA)
        np.testing.assert_array_equal(found.map_from_cam, expected.map_from_cam)
        np.testing.assert_array_equal(found.covariance, expected.covariance)


def test_the_network_runs_once_and_one_map_is_solved(maps, monkeypatch):
    seen, solved = [], []

    def counted(encoder, grey, device):
        seen.append(grey.shape)
        return encoded(encoder, grey, device)
    atlas, frame = atlas_of(maps), WALLS['yard'][9]
    monkeypatch.setattr(cell_queries, 'encoded', counted)
    for name, localiser in atlas.localisers.items():
        monkeypatch.setattr(localiser, 'solve', lambda query, name=name, solve=localiser.solve: (
            solved.append(name), solve(query))[1])
    assert atlas.localise(frame.image, CAMERA).accepted
    assert len(seen) == 1 and solved == ['yard']


def test_an_image_of_nowhere_is_refused_and_few_maps_are_asked(maps, monkeypatch):
    atlas = atlas_of(maps, clear=0.0)
    asked = []
    for name, localiser in atlas.localisers.items():
        monkeypatch.setattr(localiser, 'trace_of', lambda *image, name=name, one=localiser: (
            asked.append(name), Localiser.trace_of(one, *image))[1])
    noise = np.random.default_rng(0).integers(0, 256, (240, 120), np.uint8)
    assert not atlas.localise(noise, CAMERA).accepted
    assert len(asked) == 2
    asked.clear()
    assert atlas.localise(WALLS['hall'][9].image, CAMERA).map == 'hall'
    assert sorted(asked) == sorted(NAMES)  # what is believed is held against all that may be


def test_two_floors_that_look_alike_stay_undecided_beside_a_third_place(maps, night):
    atlas = atlas_of({**maps, 'hall upstairs': night})
    for frame in WALLS['hall'][5:30:12]:
        found = atlas.localise(frame.image, CAMERA)
        assert found.rejection is Rejection.UNDECIDED_MAP
        assert 'hall (' in found.detail and 'hall upstairs (' in found.detail
    assert atlas.localise(WALLS['attic'][9].image, CAMERA).map == 'attic'


def test_two_maps_of_one_place_in_one_frame_agree(maps, night):
    here = (1.0, 2.0, 3.0, 0.0, 0.0, 1.0, 0.0)
    atlas = atlas_of({'day': replace(maps['hall'], transform=here), 'yard': maps['yard'],
                      'night': replace(night, transform=here)})
    frame = WALLS['hall'][9]
    found = atlas.localise(frame.image, CAMERA)
    assert found.accepted and {found.map, *found.agreeing} == {'day', 'night'}
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])  # half a turn about z
    turned[:3, 3] = 1.0, 2.0, 3.0
    metres, degrees = pose_errors(found.map_from_cam, turned @ frame.map_from_cam)
    assert float(metres) < 0.05 and float(degrees) < 1.0


def test_maps_of_features_need_no_network_and_stand_beside_maps_of_cells(maps, features):
    atlas = atlas_of({'hall': maps['hall'], 'yard': features})
    for name in ('hall', 'yard'):
        found = atlas.localise(WALLS[name][9].image, CAMERA)
        assert found.map == name, found


def test_maps_without_key_frames_are_always_asked():
    right = points_seen_from(MAP_FROM_CAM)
    atlas = Atlas({'one': exact_localiser(right), 'other': exact_localiser(right)})
    assert atlas.localise(TEXTURE, EXACT_CAMERA).rejection is Rejection.UNDECIDED_MAP


def test_depth_goes_to_the_maps_that_can_use_it():
    right = points_seen_from(MAP_FROM_CAM)
    with_depth = exact_localiser(right, depth=DepthCorrection())
    atlas = Atlas({'with': with_depth, 'without': exact_localiser(right)})
    assert atlas.depth_unavailable() is None
    depth_m = np.full((480, 640), 2.5, np.float32)
    assert atlas.localise(TEXTURE, EXACT_CAMERA, depth_m).map in ('with', 'without')
    blind = Atlas({'a': exact_localiser(right), 'b': exact_localiser(right)})
    assert 'map b: the map was made without depth' in blind.depth_unavailable()
    with pytest.raises(ValueError, match='map a: the map was made without depth'):
        blind.localise(TEXTURE, EXACT_CAMERA, depth_m)


def test_a_camera_that_hangs_upside_down_is_found_in_one_of_several_maps(maps):
    watch = CameraWatch(atlas_of(maps))
    answers = [watch.localise(np.ascontiguousarray(frame.image[::-1, ::-1]), CAMERA)
               for frame in WALLS['yard'][8:16]]
    assert watch.turned == 2 and answers[-1].map == 'yard'
    assert watch.scene_map_of('attic') is watch.localiser.scene_map_of('attic')
    assert any('turned by 180 degrees' in notice for notice in watch.notices)


def test_maps_of_different_encoders_are_refused_by_one_sentence(maps, tmp_path):
    foreign = replace(maps['yard'], encoder_name='large', encoder_hash='0123456789abcdef')
    sentence = 'map hall was made with encoder small .*, map yard with large 0123456789abcdef'
    with pytest.raises(ValueError, match=sentence):
        Atlas({'hall': Localiser(maps['hall'], device='cpu'),
               'yard': Localiser(maps['yard'], device='cpu').with_map(foreign)})
    files = [tmp_path / 'hall.map', tmp_path / 'yard.map']
    for file, scene_map in zip(files, (maps['hall'], foreign)):
        scene_map.save(file)
    with pytest.raises(ValueError, match=sentence):
        load_maps(files)
    files[0].write_bytes(files[0].read_bytes()[:100])
    with pytest.raises(ValueError, match='hall.map is truncated'):
        load_maps(files)


def test_maps_without_an_encoder_go_with_any(maps, features):
    assert features.encoder_name == ''
    assert set(atlas_of({'hall': maps['hall'], 'yard': features}).localisers) == {'hall', 'yard'}
