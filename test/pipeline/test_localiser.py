# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Localiser in exact worlds: poses, every reason to refuse one, depth, and determinism."""

from dataclasses import replace
import time

import cv2
import numpy as np
import pytest
from support.exact_scene import (
    CAMERA,
    depths_of_cells,
    ELSEWHERE,
    exact_localiser,
    MAP_FROM_CAM,
    mixed,
    points_seen_from,
    scattered_points,
    TEXTURE,
)
import torch

from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.machine import fallback
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.methods.coordinates.ace import Ace
from scene_reloc_ros.network import device as devices
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.model import AcceptanceModel, CovarianceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.rejection import Rejection

TRUE_POINTS = points_seen_from(MAP_FROM_CAM)
SMOOTH = cv2.resize(TEXTURE[:24, :32], (640, 480), interpolation=cv2.INTER_CUBIC)
# What never comes from an image: the gate over time and the node say these.
FROM_KEY_FRAMES = {'NO_SIMILAR_VIEW'}  # of maps that have some: test/methods
FROM_ODOMETRY = {'DISAGREES_WITH_ODOMETRY', 'UNCONFIRMED', 'TRACKING_LOST'}
FROM_SEVERAL_MAPS = {'UNDECIDED_MAP', 'OTHER_MAP'}  # test/pipeline/atlas, test/ros
FROM_INPUTS = {'NO_MAP', 'ZERO_STAMP', 'STALE_STAMP', 'FUTURE_STAMP', 'BAD_CAMERA_INFO',
               'BAD_IMAGE', 'BAD_DEPTH', 'NO_CAMERA_FRAME', 'NO_CAMERA_TRANSFORM',
               'LOCALISER_FAILED'}


def one_feature(name, typical, intercept=-20.0):
    """Return an UncertaintyModel that never believes, for the lack of one feature."""
    return UncertaintyModel(AcceptanceModel(intercept, {name: 1.0}, {name: typical}))


def depth_image(depths=None):
    """Return a depth image (480, 640) of the depths (4800,) of the cells."""
    depths = depths_of_cells() if depths is None else depths
    return cv2.resize(depths.reshape(60, 80).astype(np.float32), (640, 480),
                      interpolation=cv2.INTER_LINEAR)


def only_a_patch():
    """Return points that are right in one corner of the image."""
    points = scattered_points().view(60, 80, 3).clone()
    points[:25, :25] = TRUE_POINTS.view(60, 80, 3)[:25, :25]
    return points.view(-1, 3)


def wrong_depths():
    """Return depths (4800,) that are right in the left third of the image only."""
    return np.where(np.arange(4800) % 80 < 27, 1.0, 1.4) * depths_of_cells()


WORLDS = {
    'TOO_FEW_CELLS': {'camera': replace(CAMERA, width=8, cx=3.5)},
    'WRONG_CAMERA': {'camera': replace(CAMERA, fx=1000.0, fy=1000.0)},
    'NO_CONSENSUS': {'points': scattered_points()},
    'AMBIGUOUS': {'points': mixed(TRUE_POINTS, points_seen_from(ELSEWHERE), 0.5)},
    'UNDETERMINED': {'points': points_seen_from(
        MAP_FROM_CAM, 4000 * depths_of_cells(), noise_m=20.0)},
    'TOO_FEW_INLIERS': {'points': mixed(TRUE_POINTS, scattered_points(), 0.8),
                        'uncertainty': one_feature('inliers', -0.9)},
    'CONCENTRATED': {'points': only_a_patch(), 'uncertainty': one_feature('spread', -1.4)},
    'OUTSIDE_MAP': {'views': torch.eye(4).expand(3, 4, 4) + 20 * torch.eye(4).roll(1, 1)},
    'UNCERTAIN': {'uncertainty': UncertaintyModel(AcceptanceModel(9.0),
                                                  CovarianceModel(floor_m=0.3))},
    'MISCALIBRATED': {'camera': replace(CAMERA, fx=440.0, fy=440.0),
                      'uncertainty': UncertaintyModel(AcceptanceModel(9.0))},
    'DISAGREES_WITH_DEPTH': {'depth': DepthCorrection(), 'depth_m': depth_image(wrong_depths()),
                             'uncertainty': one_feature('depth_agreement', 0.0)},
    'DEPTH_UNIT': {'depth': DepthCorrection(), 'depth_m': 5 * depth_image()},
    'TOO_DARK': {'points': scattered_points(), 'image': TEXTURE // 12},
    'TOO_BRIGHT': {'points': scattered_points(), 'image': np.maximum(TEXTURE, 252)},
    'TOO_BLURRED': {'points': scattered_points(), 'image': SMOOTH},
}


def answer(points=TRUE_POINTS, image=TEXTURE, camera=CAMERA, depth_m=None, **map_parts):
    """Return the trace of one image in a world."""
    return exact_localiser(points, **map_parts).trace(
        image[:camera.height, :camera.width], camera, depth_m)


@pytest.mark.parametrize('name', WORLDS)
def test_each_world_is_refused_for_its_reason(name):
    found = answer(**WORLDS[name]).localisation
    assert found.rejection is Rejection[name], found
    assert found.map_from_cam is None and found.covariance is None and not found.accepted


def test_there_is_a_world_for_every_reason_that_an_image_gives():
    others = FROM_ODOMETRY | FROM_INPUTS | FROM_KEY_FRAMES | FROM_SEVERAL_MAPS
    assert {rejection.name for rejection in Rejection} - others == set(WORLDS)


def test_the_pose_of_an_exact_world_is_found_with_an_honest_covariance():
    found = answer().localisation
    metres, degrees = pose_errors(found.map_from_cam, MAP_FROM_CAM)
    assert float(metres) < 0.002 and float(degrees) < 0.05
    assert np.linalg.eigvalsh(found.covariance).min() > 0
    assert nees(found.map_from_cam, found.covariance, MAP_FROM_CAM) < 12.6
    assert found.accepted and found.probability > 0.8 and found.inliers > 0.95 * found.cells
    assert '4800 cells agree' in found.detail


@pytest.mark.parametrize('origin', [(448_000.25, 5_412_000.5, 312.0), (-4e6, 1e3, 4.7e6)])
def test_far_from_the_origin_of_the_map_frame_the_answer_is_the_same_seen_from_there(origin):
    near, far = answer(), answer(origin=origin)
    expected = near.localisation.map_from_cam.copy()
    expected[:3, 3] += origin
    for pose in (far.localisation.map_from_cam, far.pose.map_from_cam):
        np.testing.assert_allclose(pose, expected, rtol=0, atol=2e-9)
    np.testing.assert_allclose(far.localisation.inlier_points - origin,
                               near.localisation.inlier_points, rtol=0, atol=2e-9)
    np.testing.assert_array_equal(far.localisation.covariance, near.localisation.covariance)
    assert far.localisation.probability == near.localisation.probability
    assert near.localisation.inlier_points.dtype == np.float64


def test_half_of_the_cells_are_enough():
    found = answer(mixed(TRUE_POINTS, scattered_points(), 0.5)).localisation
    metres, _ = pose_errors(found.map_from_cam, MAP_FROM_CAM)
    assert float(metres) < 0.003 and 0.45 < found.inliers / found.cells < 0.55


@pytest.mark.parametrize('poor', ['TOO_DARK', 'TOO_BRIGHT', 'TOO_BLURRED'])
def test_a_poor_picture_is_believed_where_its_pose_is_sure(poor):
    sure = UncertaintyModel(AcceptanceModel(9.0))
    assert answer(image=WORLDS[poor]['image'], uncertainty=sure).localisation.accepted


def test_space_that_looks_like_other_space_proves_no_place():
    found = answer(ambiguous=voxels_of(TRUE_POINTS))
    assert found.localisation.rejection is Rejection.AMBIGUOUS
    assert found.pose.probability <= 0.5


def test_the_same_seed_gives_the_same_pose_and_another_nearly():
    points = mixed(TRUE_POINTS, scattered_points(), 0.6)
    first, again, other = (exact_localiser(points, seed).localise(TEXTURE, CAMERA)
                           for seed in (3, 3, 4))
    assert np.array_equal(first.map_from_cam, again.map_from_cam)
    assert np.array_equal(first.covariance, again.covariance)
    assert float(pose_errors(first.map_from_cam, other.map_from_cam)[0]) < 0.003


def test_one_localiser_answers_the_same_image_alike_whatever_came_before():
    localiser = exact_localiser(TRUE_POINTS)
    first = localiser.localise(TEXTURE, CAMERA)
    localiser.localise(TEXTURE // 2, CAMERA)
    assert np.array_equal(first.map_from_cam, localiser.localise(TEXTURE, CAMERA).map_from_cam)


def test_the_stages_one_by_one_are_the_whole():
    localiser = exact_localiser(TRUE_POINTS)
    query = localiser.prepare(TEXTURE, CAMERA)
    trace = localiser.assess(query, localiser.solve(query), time.perf_counter())
    whole = localiser.localise(TEXTURE, CAMERA)
    assert np.array_equal(trace.localisation.map_from_cam, whole.map_from_cam)
    assert trace.pose.features.keys() >= {'inliers', 'second_best_margin', 'view_familiarity'}
    assert trace.result.inliers.sum() == whole.inliers


def test_other_tables_of_the_map_leave_the_localiser_as_it_was():
    localiser = exact_localiser(TRUE_POINTS)
    far = torch.eye(4).expand(2, 4, 4) * torch.tensor([1.0, 1, 1, 1]) + 50
    other = localiser.with_map(replace(localiser.scene_map, views=far))
    assert other.localise(TEXTURE, CAMERA).rejection is Rejection.OUTSIDE_MAP
    assert localiser.localise(TEXTURE, CAMERA).accepted and other.observer is localiser.observer


def test_inliers_are_told_in_pixels_of_the_image_that_came_in():
    half = CAMERA.scaled(320, 240)
    small = cv2.resize(TEXTURE, (320, 240), interpolation=cv2.INTER_AREA)
    found = exact_localiser(TRUE_POINTS).localise(small, half)
    assert found.accepted and found.inlier_pixels.max() < 320
    cam_from_map = np.linalg.inv(found.map_from_cam)
    in_camera = found.inlier_points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
    assert np.abs(half.project(in_camera) - found.inlier_pixels).max() < 6


def test_depth_tells_the_same_pose_more_exactly():
    found = answer(depth=DepthCorrection(), depth_m=depth_image()).localisation
    plain = answer().localisation
    assert found.accepted and 'their depths within' in found.detail
    assert np.trace(found.covariance) <= np.trace(plain.covariance)


@pytest.mark.parametrize('depth, sentence', [
    (None, 'the map was made without depth'),
    (DepthCorrection(agreement=0.1), 'disagrees with the map: only 10%')])
def test_depth_that_a_map_cannot_use_is_refused_with_a_sentence(depth, sentence):
    localiser = exact_localiser(TRUE_POINTS, depth=depth)
    assert sentence in localiser.depth_unavailable()
    with pytest.raises(ValueError, match=sentence):
        localiser.localise(TEXTURE, CAMERA, depth_image())
    assert localiser.localise(TEXTURE, CAMERA).accepted


def test_a_depth_image_of_another_shape_is_named():
    localiser = exact_localiser(TRUE_POINTS, depth=DepthCorrection())
    assert localiser.depth_unavailable() is None
    with pytest.raises(ValueError, match='depth'):
        localiser.localise(TEXTURE, CAMERA, np.ones((100, 300), np.float32))


def test_an_image_of_another_size_than_its_camera_is_named():
    with pytest.raises(ValueError, match='320x240, but its camera'):
        exact_localiser(TRUE_POINTS).localise(TEXTURE[:240, :320], CAMERA)


def test_a_map_of_another_encoder_is_refused():
    scene_map = exact_localiser(TRUE_POINTS).scene_map
    with pytest.raises(ValueError, match='map again'):
        Localiser(replace(scene_map, encoder_hash='0' * 16), device='cpu')


def test_a_map_that_does_not_fit_the_memory_of_a_gpu_is_read_on_the_cpu(monkeypatch, caplog):
    scene_map = exact_localiser(TRUE_POINTS).scene_map
    observer = Ace.observer

    def full(scene_map, device):
        if device.type == 'cuda':
            raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB')
        return observer(scene_map, device)

    monkeypatch.setattr(devices, '_look_for_gpu', lambda device: (True, None))
    monkeypatch.setattr(fallback, '_told', set())
    monkeypatch.setattr(Ace, 'observer', staticmethod(full))
    assert [Localiser(scene_map).device.type for _ in range(2)] == ['cpu', 'cpu']
    assert ['out of memory' in record.message for record in caplog.records] == [True]
    assert Localiser(scene_map).solver == 'reference'
    with pytest.raises(torch.OutOfMemoryError):
        Localiser(scene_map, device='cuda')
