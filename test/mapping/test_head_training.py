# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training of a head, and of what the calibration gets wrong, on points that are known."""

from dataclasses import replace
import math

import numpy as np
import pytest
from support.distorted_camera import CAMERA
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.camera_refinement import (
    CameraRefinement,
    CameraRefinementOptions,
    same_camera,
)
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer
from scene_reloc_ros.mapping.head_training import one_cycle, train_head
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.progress import (
    Deadline,
    MappingCancelled,
    MappingProgress,
    TooLittleTime,
)


def small_options(**changes):
    return replace(PRESETS['fast'], **{'width': 32, **changes})


def test_the_learning_rate_rises_and_falls():
    rates = [one_cycle(t) for t in np.linspace(0, 1, 101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1, abs=1e-6)
    assert rates[-1] == pytest.approx(1e-3) and rates.index(max(rates)) == 5


def learnable_buffer(cells=2000, miscalibrated=None, views=2):
    """Cells of a slab 2 m before some cameras; the descriptor is the point itself, in waves."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(cells, 3, generator=generator) * torch.tensor((2.0, 1.5, 0.5)) - 0.5
    points[:, 2] += 2
    twists = torch.rand(views, 6, generator=generator) - 0.5
    twists[:2] = torch.tensor(((0.0,) * 6, (0.3, 0.1, 0.0, 0.05, -0.1, 0.02)))
    poses = se3_exp(twists.double())
    which = torch.randint(views, (cells,), generator=generator)
    seen = (poses[which, :3, :3] @ points.double()[..., None])[..., 0] + poses[which, :3, 3]
    waves = points[:, None] * torch.tensor((1.0, 2.0, 4.0))[:, None]
    descriptors = torch.cat((waves.sin().flatten(1), waves.cos().flatten(1)), 1)
    rays = (seen[:, :2] / seen[:, 2:]).float()
    if miscalibrated is not None:  # rays whose correction with these values is the truth
        shift, scale = torch.tensor(miscalibrated[:2]), torch.tensor(miscalibrated[2:4]).exp()
        rays = rays / scale + shift
    buffer = FeatureBuffer(descriptors, rays, which, poses.float(), torch.full((views,), 100.0),
                           invert_pose(poses)[:, :3, 3], torch.zeros(cells))
    return buffer, points


def trained(seed=0, cancelled=lambda: False, **changes):
    buffer, points = learnable_buffer()
    options = small_options(**{'steps': 400, 'batch': 256, **changes})
    head, _, summary = train_head(buffer, options, torch.Generator().manual_seed(seed),
                                  MappingProgress(cancelled=cancelled))
    return head, summary, buffer, points


@pytest.mark.slow
@pytest.mark.parametrize('truth', [(0.0, 0.0, 0.0, 0.0), (0.03, -0.02, 0.02, -0.03)])
def test_mapping_finds_a_wrong_calibration_and_leaves_a_right_one_alone(truth):
    buffer, _ = learnable_buffer(6000, truth, views=40)
    options = small_options(steps=1500, batch=512, width=64)
    _, correction, _ = train_head(buffer, options, torch.Generator().manual_seed(0),
                                  MappingProgress())
    assert torch.allclose(correction.values[:4], torch.tensor(truth), atol=0.008)


def test_a_trusted_calibration_is_not_touched():
    buffer, _ = learnable_buffer(500, (0.03, -0.02, 0.02, -0.03), views=10)
    options = small_options(steps=50, batch=64,
                            correction=CameraRefinementOptions(learning_rate=0))
    _, correction, _ = train_head(buffer, options, torch.Generator(), MappingProgress())
    assert not correction.values.any()


def test_a_correction_speaks_in_pixels_of_its_camera():
    correction = CameraRefinement((0.01, -0.02, 0.1, 0.0, 0.0))
    found = correction.described(CAMERA)
    assert found['cx'] == pytest.approx(80.3 + 1.3) and found['cy'] == pytest.approx(59.1 - 2.56)
    assert found['fx'] == pytest.approx(130 / math.exp(0.1)) and found['fy'] == CAMERA.fy
    pinhole = Camera(160, 120, 130, 128, 80.3, 59.1)
    pixels = np.array(((10.0, 20.0), (150.0, 100.0)))
    given = torch.from_numpy(pinhole.rays(pixels)[:, :2]).float()
    meant = Camera(160, 120, found['fx'], found['fy'], found['cx'], found['cy']).rays(pixels)
    assert np.allclose(correction(given).detach(), meant[:, :2], atol=1e-6)


def test_cameras_are_the_same_at_any_size_but_not_with_another_lens():
    assert same_camera(CAMERA, CAMERA.scaled(320, 240))
    assert not same_camera(CAMERA, replace(CAMERA, fx=140))
    assert not same_camera(CAMERA, replace(CAMERA, distortion_model='none', distortion=()))


def test_a_head_learns_where_the_points_are_from_their_pixels_alone():
    head, summary, buffer, points = trained()
    assert summary.steps == 400 and summary.valid > 0.99
    seen = buffer.cam_from_map[buffer.frames]
    with torch.no_grad():
        predicted = head(buffer.descriptors)
    in_camera = (seen[:, :3, :3] @ predicted[..., None])[..., 0] + seen[:, :3, 3]
    error = (in_camera[:, :2] / in_camera[:, 2:] - buffer.rays).norm(dim=-1) * 100
    assert float(error.median()) < 1.5  # pixels


def test_the_same_seed_trains_the_same_head():
    first, second, other = (trained(seed, steps=20)[0].state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first['output.weight'], other['output.weight'])


def test_training_can_be_cancelled_and_ends_in_time():
    with pytest.raises(MappingCancelled):
        trained(cancelled=lambda: True)
    buffer, _ = learnable_buffer()
    options = small_options(steps=10 ** 6, batch=64)
    told = []
    _, _, summary = train_head(buffer, options, torch.Generator(), MappingProgress(
        lambda *parts: told.append(parts[2]), deadline=Deadline(2.0)))
    assert 100 <= summary.steps < 10 ** 5 and summary.seconds < 5
    assert summary.cut_short == f'{summary.steps} of 1000000 training steps'
    # the schedule that the time allows is told, by the measured rate
    planned = [int(text.split(' of ')[1].split(',')[0]) for text in told]
    assert summary.steps / 3 < np.median(planned) < 3 * summary.steps


def test_too_few_steps_are_a_failure_and_no_map():
    buffer, _ = learnable_buffer()
    with pytest.raises(TooLittleTime, match='of 3000 training steps at .* a second') as refused:
        train_head(buffer, small_options(steps=3000, batch=64), torch.Generator(),
                   MappingProgress(deadline=Deadline(0.02)))
    assert 0 < refused.value.missing_s < 1000


def test_a_schedule_of_few_steps_is_done_when_it_is_done():
    head, summary, _, _ = trained(steps=20)
    assert summary.steps == 20 and summary.cut_short == ''
