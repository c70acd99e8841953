# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The buffer of cells that a head is trained on: all frames, within its bound."""

from dataclasses import replace

import numpy as np
import pytest
from support.distorted_camera import CAMERA
import torch

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.feature_buffer import fill_buffer, mapping_poses
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions


def frames(count=3):
    rng = np.random.default_rng(0)
    poses = se3_exp(torch.from_numpy(rng.normal(size=(count, 6)))).numpy()
    return [PosedImage(f'frame-{i}', i, rng.integers(0, 256, (120, 160), dtype=np.uint8), CAMERA,
                       poses[i]) for i in range(count)]


def small_options(**changes):
    return replace(PRESETS['fast'], **{'passes': 2, 'views': 1, 'cells': 30, 'width': 32,
                                       **changes})


def buffer_of(images, cancelled=lambda: False, seconds=float('inf'), **changes):
    encoder = Encoder(EncoderOptions((4, 8, 8), 1, 1, 16)).fused()
    return fill_buffer(images, encoder, small_options(**changes), np.random.default_rng(0),
                       MappingProgress(cancelled=cancelled, deadline=Deadline(seconds)))


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


def test_encoding_leaves_frames_out_where_it_would_eat_all_of_the_time():
    images = frames(200)
    buffer, seen = buffer_of(images, seconds=0.02).of_seen()
    assert 1 <= len(seen) < 200 and len(buffer.cam_from_map) == len(seen)
    truth = torch.from_numpy(np.stack([images[index].map_from_cam for index in seen]))
    assert torch.allclose(invert_pose(buffer.cam_from_map.double()), truth, atol=1e-5)
    assert torch.allclose(buffer.positions, truth[:, :3, 3])
    assert buffer.frames.unique().tolist() == list(range(len(seen)))


def test_of_a_buffer_of_all_frames_nothing_changes():
    buffer = buffer_of(frames())
    same, seen = buffer.of_seen()
    assert seen.tolist() == [0, 1, 2]
    for name in ('descriptors', 'rays', 'frames', 'cam_from_map', 'focals_px', 'positions'):
        assert torch.equal(getattr(same, name), getattr(buffer, name))
