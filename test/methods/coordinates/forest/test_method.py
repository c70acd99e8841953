# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Maps of forests of an exact world: grown, saved, asked with depth and without, refused."""

from dataclasses import replace
import sys

import cv2
import numpy as np
import pytest
from support.worlds.wall import best_errors, CAMERA, wall_frames
import torch

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.coordinates.forest.method import ForestMethod, ForestOptions
from scene_reloc_ros.methods.coordinates.forest.queries import pixel_grid
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.rejection import Rejection

FRAMES = wall_frames(70, blur=20.0)  # what tells places apart is larger than a point's blur
MAPPED = [frame for number, frame in enumerate(FRAMES) if number % 7]
OPTIONS = ForestOptions(samples=10_000, pixels=600)
NEEDS_DEPTH = 'forest needs depth of the mapping frames; use cells, or record with depth'


@pytest.fixture(scope='module')
def with_sklearn():
    """Skip where scikit-learn is missing."""
    pytest.importorskip('sklearn', reason='scikit-learn is not installed; only mapping needs it')


@pytest.fixture(scope='module')
def built(with_sklearn):
    """Return a map of all frames but every seventh."""
    return Mapper(OPTIONS, 'cpu').build(MAPPED)


def fitted(frames, seed=0, progress=None):
    """Return the Fitted of some frames: small forests, and no check."""
    method = ForestMethod(replace(OPTIONS, samples=2000), torch.device('cpu'))
    return method.fit(frames, MappingGenerators.from_seed(seed),
                      progress or MappingProgress())


@pytest.mark.parametrize('depth, metres', [(True, 0.03), (False, 0.10)])
def test_frames_between_the_mapping_frames_are_found(built, depth, metres):
    translation, rotation = best_errors(built, FRAMES[::7], depth)
    assert np.median(translation) < metres and np.median(rotation) < 2.0


def test_the_check_asks_with_depth_and_says_so(built):
    check = built.metadata['check']
    assert check['held_out'] and check['with_depth'] and check['median_translation_m'] < 0.02
    assert built.uncertainty.rgbd is not None
    assert built.encoder_name == built.encoder_hash == ''


def test_depth_decides_which_forest_an_image_goes_down(built):
    localiser, frame = Localiser(built, device='cpu'), FRAMES[7]
    without, measured = (localiser.prepare(frame.image, CAMERA, depth_m)
                         for depth_m in (None, frame.depth_m))
    assert not torch.equal(without.problem.points[:50], measured.problem.points[:50])
    assert without.problem.depths is None
    assert bool((measured.problem.depths > 0).all())


def test_an_image_whose_depth_is_unknown_is_one_without(built):
    localiser, frame = Localiser(built, device='cpu'), FRAMES[7]
    without, blind = (localiser.prepare(frame.image, CAMERA, depth_m)
                      for depth_m in (None, np.full((240, 120), np.nan)))
    assert torch.equal(without.problem.points, blind.problem.points)
    assert not blind.problem.depths.any()


def test_depth_of_another_camera_is_refused_with_a_sentence(built):
    with pytest.raises(ValueError, match='register the depth'):
        Localiser(built, device='cpu').localise(FRAMES[7].image, CAMERA, np.ones((60, 60)))


@pytest.mark.parametrize('depth', [True, False])
def test_an_image_of_another_place_is_refused(built, depth):
    noise = np.random.default_rng(0).integers(0, 256, (240, 120), np.uint8)
    found = Localiser(built, device='cpu').localise(
        noise, CAMERA, FRAMES[7].depth_m[::-1, ::-1] if depth else None)
    assert found.rejection in (Rejection.NO_CONSENSUS, Rejection.AMBIGUOUS, Rejection.CONCENTRATED,
                               Rejection.TOO_FEW_INLIERS), found.detail


def test_an_image_of_another_size_is_asked_at_its_own_pixels(built):
    frame = FRAMES[7]
    double = cv2.resize(frame.image, (240, 480), interpolation=cv2.INTER_LINEAR)
    query = Localiser(built, device='cpu').prepare(double, CAMERA.scaled(240, 480))
    rays = query.problem.rays
    assert torch.allclose(rays[:, :2], torch.from_numpy(CAMERA.scaled(*query.size_px).rays(
        query.pixels.numpy()))[:, :2].float(), atol=1e-5)
    large = replace(frame, image=double, camera=CAMERA.scaled(240, 480))
    assert best_errors(built, [large], depth=False)[0][0] < 0.10


def test_a_map_survives_its_file(built, tmp_path):
    built.save(tmp_path / 'wall.map')
    loaded = SceneMap.load(tmp_path / 'wall.map')
    for depth_m in (None, FRAMES[7].depth_m):
        first, second = (Localiser(m, device='cpu').trace(FRAMES[7].image, CAMERA, depth_m)
                         for m in (built, loaded))
        assert np.array_equal(first.pose.map_from_cam, second.pose.map_from_cam)
        assert first.pose.probability == second.pose.probability


def test_info_tells_of_trees_and_of_no_network(built, tmp_path, capsys):
    built.save(tmp_path / 'wall.map')
    assert main(['info', str(tmp_path / 'wall.map')]) == 0
    text = capsys.readouterr().out
    assert '4 trees' in text and 'images without depth' in text and 'none: no network' in text
    assert 'with their depth' in text and 'taken as it is' in text


def test_equal_seeds_grow_equal_maps(with_sklearn):
    first, same, other = (fitted(FRAMES[:20], seed=seed).content.tensors for seed in (0, 0, 1))
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first['scaled.offsets'], other['scaled.offsets'])


def test_little_time_grows_one_tree_of_a_part_of_the_frames(with_sklearn, monkeypatch):
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 1)  # that many trees grow at a time
    progress = MappingProgress(deadline=Deadline(1e-4))
    forests = fitted(FRAMES[:12], progress=progress).metadata['forests']
    assert [(forest['trees'], forest['samples']) for forest in forests] == [(1, 166)] * 2


def test_growing_of_both_forests_is_one_stage(with_sklearn):
    told = []
    fitted(FRAMES[:12], progress=MappingProgress(lambda *report: told.append(report)))
    fractions = [fraction for stage, fraction, _ in told if stage == 'growing']
    assert fractions == sorted(set(fractions)) and fractions[-1] == 1.0


def test_mapping_can_be_cancelled(with_sklearn):
    with pytest.raises(MappingCancelled, match='sampling'):
        Mapper(OPTIONS, 'cpu').build(FRAMES[:12], cancelled=lambda: True)


def test_frames_without_depth_are_refused(with_sklearn):
    with pytest.raises(ValueError, match=NEEDS_DEPTH):
        Mapper(OPTIONS, 'cpu').build([replace(f, depth_m=None) for f in FRAMES[:12]])


def test_a_forest_without_depth_is_refused_before_anything_is_read():
    with pytest.raises(ValueError, match=NEEDS_DEPTH):
        ForestMethod(ForestOptions(depth=False), torch.device('cpu'))


def test_without_scikit_learn_the_error_comes_before_anything_is_read(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sklearn.ensemble', None)
    with pytest.raises(ValueError, match='forest needs scikit-learn to map: pip install'):
        ForestMethod(ForestOptions(), torch.device('cpu'))


@pytest.mark.parametrize('lost', ['scaled.offsets', 'fixed.means'])
def test_a_map_that_lacks_a_part_is_named(built, lost):
    tensors = {key: value for key, value in built.content.tensors.items() if key != lost}
    with pytest.raises(ValueError, match='lacks a part of its forests.*map again'):
        Localiser(replace(built, content=MapContent('forest', tensors)), device='cpu')


def test_a_grid_of_pixels_fills_the_image_evenly():
    pixels = pixel_grid(CAMERA, 500)
    assert 450 < len(pixels) < 550 and len(np.unique(pixels, axis=0)) == len(pixels)
    assert pixels.min() >= 0 and (pixels < (120, 240)).all()
    assert np.abs(pixels.mean(0) - (59.5, 119.5)).max() < 6
    assert len(pixel_grid(CAMERA, 10 ** 6)) == 120 * 240
