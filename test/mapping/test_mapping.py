# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping floor: augmentation, buffer, losses, training and the map file."""

from dataclasses import replace
import json
import math

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.augmentation import augment
from scene_reloc_ros.mapping.camera_refinement import (
    CameraRefinement,
)
from scene_reloc_ros.mapping.feature_buffer import (
    CellBatch,
    fill_buffer,
    mapping_poses,
)
from scene_reloc_ros.mapping.losses import clamp_schedule, reprojection_loss
from scene_reloc_ros.mapping.presets import AugmentationOptions, LossOptions, PRESETS
from scene_reloc_ros.mapping.progress import MappingCancelled, MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.network.head import Head, HeadOptions
from scene_reloc_ros.uncertainty.model import (
    AcceptanceModel,
    CovarianceModel,
    UncertaintyModel,
)

CAMERA = Camera(160, 120, 130, 128, 80.3, 59.1, 'plumb_bob', (0.1, -0.05, 0.001, 0.0, 0.0))
STILL = AugmentationOptions(scale=1.0, rotation_deg=0.0, brightness=0.0, contrast=0.0)


@pytest.mark.parametrize('seed', range(6))
def test_augmented_cells_keep_the_exact_rays_of_the_pixels_they_show(seed):
    """An image whose value is its own u (then v) coordinate tells where every cell came from."""
    ramp_v, ramp_u = np.mgrid[:120, :160].astype(np.uint8)
    options = AugmentationOptions(brightness=0.0, contrast=0.0)
    shown = []
    for ramp in (ramp_u, ramp_v):
        view, _, rays, inside = augment(ramp, CAMERA, 8, np.random.default_rng(seed), options)
        centres = cell_centres(*rays.shape[:2], 8).numpy()
        low = np.floor(centres).astype(int)  # centres lie between pixels: the mean of four
        shown.append(sum(view[low[..., 1] + dv, low[..., 0] + du].astype(float)
                         for du in (0, 1) for dv in (0, 1)) / 4)
    pixels = CAMERA.project(rays)
    interior = inside & (np.abs(pixels - (80, 60)) < (76, 56)).all(-1)
    assert interior.sum() > 50
    assert np.abs(np.stack(shown, -1) - pixels)[interior].max() < 0.8  # rounding to 8 bits


def test_without_augmentation_nothing_changes():
    image = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    view, _, rays, inside = augment(image, CAMERA, 8, np.random.default_rng(0), STILL)
    assert np.array_equal(view, image) and inside.all()
    assert np.allclose(CAMERA.project(rays), cell_centres(15, 20, 8), atol=1e-4)


def frames(count=3):
    rng = np.random.default_rng(0)
    poses = se3_exp(torch.from_numpy(rng.normal(size=(count, 6)))).numpy()
    return [PosedImage(f'frame-{i}', i, rng.integers(0, 256, (120, 160), dtype=np.uint8), CAMERA,
                       poses[i]) for i in range(count)]


def small_options(**changes):
    return replace(PRESETS['fast'], **{'passes': 2, 'views': 1, 'cells': 30, 'width': 32,
                                       **changes})


def buffer_of(images, cancelled=lambda: False, **changes):
    encoder = Encoder(EncoderOptions((4, 8, 8), 1, 1, 16)).fused()
    return fill_buffer(images, encoder, small_options(**changes), np.random.default_rng(0),
                       MappingProgress(cancelled=cancelled))


def test_the_buffer_holds_cells_of_every_frame():
    images = frames()
    buffer = buffer_of(images)
    assert len(buffer) == 2 * 3 * 30
    assert torch.bincount(buffer.frames).tolist() == [60, 60, 60]
    truth = torch.from_numpy(np.stack([image.map_from_cam for image in images]))
    assert torch.allclose(invert_pose(buffer.cam_from_map.double()), truth, atol=1e-5)
    assert torch.allclose(buffer.positions, truth[:, :3, 3])


def test_few_frames_are_seen_more_often():
    buffer = buffer_of(frames(), views=10)
    assert torch.bincount(buffer.frames).tolist() == [120, 120, 120]


def test_the_buffer_holds_the_depth_that_each_cell_shows():
    """Depth at half the resolution that equals its own column, without the left half."""
    ramp = np.tile(np.linspace(2, 3, 80, dtype=np.float32), (60, 1))
    ramp[:, :40] = 0
    images = [replace(image, depth_m=ramp) for image in frames()]
    buffer = buffer_of(images)
    rays = torch.cat((buffer.rays, torch.ones(len(buffer), 1)), 1)
    columns = CAMERA.project(rays.numpy())[:, 0] / 2 - 0.25
    known = buffer.depths > 0
    assert 0.2 < float(known.float().mean()) < 0.6
    assert columns[known.numpy()].min() > 39
    expected = 2 + columns[known.numpy()] / 79
    assert np.allclose(buffer.depths[known], expected, atol=0.02)
    assert not buffer_of(images, depth=False).depths.any()


def test_the_buffer_keeps_within_its_bound():
    assert len(buffer_of(frames(), buffer=60)) == 60


def test_an_epoch_visits_every_cell_once_in_an_order_of_its_own():
    buffer = buffer_of(frames())
    generator = torch.Generator().manual_seed(0)
    first = torch.cat(list(buffer.shuffled(60, generator)))
    second = torch.cat(list(buffer.shuffled(60, generator)))
    assert torch.equal(first.sort().values, torch.arange(180))
    assert not torch.equal(first, second)
    assert len(next(buffer.shuffled(1000, generator))) == 180


def test_filling_can_be_cancelled():
    with pytest.raises(MappingCancelled):
        buffer_of(frames(), cancelled=lambda: True)


@pytest.mark.parametrize('pose, sentence', [
    (None, 'frame-1 has no pose'), (2 * np.eye(4), 'frame-1 is no rotation'),
    (np.full((4, 4), np.nan), 'frame-1 contains NaN')])
def test_a_frame_without_a_usable_pose_is_named(pose, sentence):
    images = frames()
    images[1] = replace(images[1], map_from_cam=pose)
    with pytest.raises(ValueError, match=sentence):
        mapping_poses(images)


def test_an_image_of_another_size_is_named():
    images = frames()
    images[2] = replace(images[2], image=np.zeros((60, 80), np.uint8))
    with pytest.raises(ValueError, match='frame-2.*80x60'):
        buffer_of(images)


def loss_of(points, progress=0.5, depth=0.0):
    points = torch.tensor(points, dtype=torch.float32)
    count = len(points)
    cells = CellBatch(torch.zeros(count, 0), torch.zeros(count, 2),
                      torch.eye(4).expand(count, 4, 4), torch.full((count,), 100.0),
                      torch.full((count,), depth))
    return reprojection_loss(points, cells, progress, LossOptions())


def test_the_loss_of_a_valid_prediction_is_the_clamped_error():
    assert loss_of([(0, 0, 2)]) == (0, 1)
    loss, valid = loss_of([(0.2, 0, 2)])  # ten pixels off
    tau = clamp_schedule(0.5, LossOptions())
    assert float(loss) == pytest.approx(tau * math.tanh(10 / tau), rel=1e-4)
    assert valid == 1
    assert float(loss_of([(5.0, 0, 2)], progress=1.0)[0]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize('point', [(0, 0, -2), (0, 0, 0.05), (0, 0, 2000), (100, 0, 1)])
def test_an_invalid_prediction_is_drawn_to_a_point_on_its_ray(point):
    loss, valid = loss_of([point])
    assert valid == 0
    assert float(loss) == pytest.approx(np.abs(np.subtract(point, (0, 0, 10))).sum())


def test_a_measured_depth_draws_a_point_to_its_surface_and_no_further():
    options = LossOptions()
    pull = options.surface_px_per_m * (1 - 0.35 / options.surface_until)
    tolerance = options.surface_m + 2.5 * options.surface_share
    assert float(loss_of([(0, 0, 2)], 0.35, depth=2 + 0.9 * tolerance)[0]) == 0
    assert float(loss_of([(0, 0, 2)], 0.35, depth=2.5)[0]) == pytest.approx(
        pull * (0.5 - tolerance), rel=1e-4)
    behind, _ = loss_of([(0, 0, -2)], 0.35, depth=2.5)
    assert float(behind) == pytest.approx(4.5 + pull * (4.5 - tolerance), rel=1e-4)


def test_the_pixels_have_the_last_word():
    assert loss_of([(0, 0, 2)], 0.9, depth=2.5)[0] == 0


def test_the_clamp_narrows_along_an_arc():
    options = LossOptions()
    assert clamp_schedule(0, options) == 51
    assert clamp_schedule(0.6, options) == pytest.approx(41)
    assert clamp_schedule(1, options) == 1


def scene_map():
    torch.manual_seed(0)
    head = Head(HeadOptions(descriptor=8, width=16), (1.0, 2.0, 3.0))
    return SceneMap(head, 'small', '0123456789abcdef', CAMERA, torch.rand(5, 4, 4),
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
    descriptors = torch.randn(4, 8)
    with torch.no_grad():
        assert torch.allclose(loaded.head(descriptors), made.head(descriptors), atol=0.01)
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
    ({'head': '{"descriptor": 9}'}, 'lacks a part')])
def test_a_foreign_or_damaged_map_is_named(header, sentence, tmp_path):
    path = tmp_path / 'room.map'
    scene_map().save(path)
    with pytest.raises(ValueError, match=f'other.map.*{sentence}'):
        SceneMap.load(rewritten(path, tmp_path, **header))


def test_a_missing_map_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(ValueError, match='absent.map does not exist'):
        SceneMap.load(tmp_path / 'absent.map')
    with pytest.raises(ValueError, match='folder .* does not exist'):
        scene_map().save(tmp_path / 'no' / 'room.map')


def test_minutes_must_be_positive():
    assert PRESETS['fast'].with_minutes(2).minutes == 2
    with pytest.raises(ValueError, match='minutes is -1'):
        PRESETS['fast'].with_minutes(-1)
