# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries on the map of the simulated room: the answer, or refused with the reason."""

from dataclasses import replace

import numpy as np
import pytest
from support.mapped_room import ROUTE
import torch

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.encoder import Encoder
from scene_reloc_ros.network.weights import encoder_hash, save_encoder
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.rejection import Rejection


def test_the_same_image_gives_the_same_pose_and_a_positive_covariance(room_localiser):
    frame = open_sequence(ROUTE)[10]
    first, second = (room_localiser.localise(frame.image, frame.camera) for _ in range(2))
    assert first.accepted
    assert np.array_equal(first.map_from_cam, second.map_from_cam)
    assert np.linalg.eigvalsh(first.covariance).min() > 0
    assert np.allclose(first.covariance, first.covariance.T)
    assert len(first.inlier_pixels) == len(first.inlier_points) == first.inliers <= first.cells


def test_inlier_points_project_onto_inlier_pixels(room_localiser):
    frame = open_sequence(ROUTE)[10]
    found = room_localiser.localise(frame.image, frame.camera)
    cam_from_map = np.linalg.inv(found.map_from_cam)
    seen = found.inlier_points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
    given = torch.from_numpy(frame.camera.rays(found.inlier_pixels)[:, :2]).float()
    rays = room_localiser.scene_map.correction(given).numpy()
    error = np.linalg.norm(seen[:, :2] / seen[:, 2:] - rays, axis=1) * frame.camera.focal
    assert error.max() <= 10 * room_localiser.observer.tolerance + 0.01


def test_a_larger_image_of_the_same_view_gives_the_same_pose(room_localiser):
    frame = open_sequence(ROUTE)[10]
    doubled = frame.image.repeat(2, 0).repeat(2, 1)
    found = room_localiser.localise(doubled, frame.camera.scaled(1280, 960))
    small = room_localiser.localise(frame.image, frame.camera)
    translation, rotation = pose_errors(found.map_from_cam, small.map_from_cam)
    assert float(translation) < 0.01 and float(rotation) < 0.2
    assert found.inlier_pixels[:, 0].max() > 640


@pytest.mark.parametrize('kind', ['black', 'noise', 'tiny'])
def test_an_image_of_nothing_is_refused_with_a_reason(room_localiser, kind):
    size = (48, 64) if kind == 'tiny' else (480, 640)
    rng = np.random.default_rng(0)
    image = np.zeros(size, np.uint8) if kind == 'black' else rng.integers(
        0, 256, size, dtype=np.uint8)
    camera = Camera(size[1], size[0], 525, 525, 320, 240)
    found = room_localiser.localise(image, camera)
    assert not found.accepted and isinstance(found.rejection, Rejection)
    assert found.map_from_cam is None and found.covariance is None
    assert found.rejection.sentence.endswith('.')


def test_a_camera_that_sees_at_quite_another_scale_is_refused(room_localiser):
    frame = open_sequence(ROUTE)[10]
    zoomed = replace(frame.camera, fx=2 * frame.camera.fx, fy=2 * frame.camera.fy)
    found = room_localiser.localise(frame.image, zoomed)
    assert found.rejection is Rejection.WRONG_CAMERA and found.map_from_cam is None


@pytest.mark.parametrize(('change', 'reason'), [
    (lambda image: image // 40, Rejection.TOO_DARK),
    (lambda image: np.full_like(image, 255), Rejection.TOO_BRIGHT)])
def test_a_picture_that_shows_nothing_says_why(room_localiser, change, reason):
    frame = open_sequence(ROUTE)[10]
    found = room_localiser.localise(change(frame.image), frame.camera)
    assert found.rejection is reason
    assert found.probability < AcceptanceOptions().probability


def test_a_map_without_calibration_states_larger_errors(room_localiser):
    frame = open_sequence(ROUTE)[10]
    bare = Localiser(replace(room_localiser.scene_map, uncertainty=None), device='cpu')
    here, there = (which.trace(frame.image, frame.camera).pose for which in (room_localiser, bare))
    assert np.trace(there.covariance) > 1.5 * np.trace(here.covariance)


def test_points_that_another_place_looks_like_prove_nothing(room_localiser):
    frame = open_sequence(ROUTE)[10]
    found = room_localiser.localise(frame.image, frame.camera)
    assert found.accepted and found.probability > 0.5
    twin = Localiser(replace(room_localiser.scene_map, ambiguous=voxels_of(
        torch.from_numpy(found.inlier_points))), device='cpu')
    refused = twin.localise(frame.image, frame.camera)
    assert refused.rejection is Rejection.AMBIGUOUS and refused.map_from_cam is None
    assert refused.probability <= 0.5


def test_what_mapping_learnt_of_its_camera_says_nothing_of_another(mapped, room_localiser):
    frame = open_sequence(ROUTE)[1]
    shifted = Localiser(replace(room_localiser.scene_map,
                                correction=CameraRefinement((0.05, 0.0, 0.0, 0.0, 0.0))),
                        device='cpu')
    # the best pose, believed or not: with rays so wrong it may rightly be refused
    plain, turned = (which.trace(frame.image, frame.camera).pose
                     for which in (room_localiser, shifted))
    assert pose_errors(turned.map_from_cam, plain.map_from_cam)[1] > 1.0
    other = replace(frame.camera, fx=1.02 * frame.camera.fx, fy=1.02 * frame.camera.fy)
    plain, turned = (which.trace(frame.image, other).pose for which in (room_localiser, shifted))
    assert np.array_equal(plain.map_from_cam, turned.map_from_cam)


def test_a_map_keeps_to_its_encoder(mapped, tmp_path, capsys):
    """Another file under the same name is another encoder, and that is said."""
    torch.manual_seed(0)
    other = tmp_path / 'mine.safetensors'
    save_encoder(other, Encoder(), 'random')
    scene_map = replace(SceneMap.load(mapped / 'room.map'), encoder_name=str(other))
    with pytest.raises(ValueError, match='was made with encoder .*mine.safetensors'):
        Localiser(scene_map)
    scene_map = replace(scene_map, encoder_hash=encoder_hash(str(other)))
    frame = open_sequence(ROUTE)[10]
    found = Localiser(scene_map, device='cpu').localise(frame.image, frame.camera)
    assert not found.accepted  # descriptors of random weights match nothing


def test_a_map_of_another_encoder_is_refused(mapped):
    scene_map = SceneMap.load(mapped / 'room.map')
    object.__setattr__(scene_map, 'encoder_hash', 'f' * 16)
    with pytest.raises(ValueError, match='made with encoder small f+.*map again'):
        Localiser(scene_map, device='cpu')
