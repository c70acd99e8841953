# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What light, optics and sensor do to frames, and that they do it the same way every time."""

import numpy as np
import pytest

from scene_reloc_ros.datasets import camera_effects as effects
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.perturbed_sequence import CHANGES, PerturbedSequence


@pytest.fixture(scope='module')
def room():
    sequence = open_sequence('simulated:return?frames=60')
    return sequence.select(sequence.names[:2])


def checkers(side=64):
    v, u = np.mgrid[:side, :side]
    return ((u // 5 + v // 5) % 2 * 0.5 + 0.25).astype(np.float32)


@pytest.mark.parametrize('kind', sorted(CHANGES))
def test_frames_change_repeatably_and_nothing_else_does(kind, room):
    first, again = PerturbedSequence(room, kind), PerturbedSequence(room, kind)
    other = PerturbedSequence(room, kind, seed=1)
    assert first.names == room.names and len(first) == 2 and first.camera == room.camera
    for index in range(2):
        plain, changed = room[index], first[index]
        assert changed.image.dtype == np.uint8 and changed.image.shape == plain.image.shape
        assert np.array_equal(changed.image, again[index].image)
        assert not np.array_equal(changed.image, other[index].image)
        assert np.abs(changed.image.astype(int) - plain.image).mean() > 0.5
        assert np.array_equal(changed.map_from_cam, plain.map_from_cam)
        assert np.array_equal(changed.depth_m, plain.depth_m)
    assert np.array_equal(first.map_from_cam(1), room.map_from_cam(1))


def test_a_crop_leaves_a_third_of_the_picture_as_it_is(room):
    plain, changed = room[0].image, PerturbedSequence(room, 'crop')[0].image
    same = (plain == changed).reshape(*plain.shape[:2], -1).all(-1)
    rows, columns = (same.mean(axis) > 0.5 for axis in (1, 0))
    assert rows.sum() * columns.sum() == pytest.approx(same.size / 3, rel=0.02)


def test_dark_pictures_are_dark_and_a_smear_leaves_the_light(room):
    plain = room[0].image.mean()
    assert 0.08 < PerturbedSequence(room, 'dark')[0].image.mean() / plain < 0.25
    assert PerturbedSequence(room, 'smear')[0].image.mean() == pytest.approx(plain, rel=0.02)


def test_an_unknown_perturbation_is_named(room):
    with pytest.raises(ValueError, match="perturbation 'fog' is unknown"):
        PerturbedSequence(room, 'fog')


@pytest.mark.parametrize('image', [checkers(), np.stack([checkers()] * 3, -1)])
def test_every_effect_keeps_shape_type_and_range(image):
    rng = np.random.default_rng(0)
    shadow = effects.cast_shadow(rng, 64, 64, 0.5)
    light = effects.soft_shadow(rng, 64, 64, 0.5)
    assert shadow.min() >= 0.499 and shadow.max() <= 1.001
    assert light.min() >= 0.499 and light.max() <= 1.501
    for changed in (effects.tone(image, 1.5, 0.1, 0.7), effects.shaded(image, shadow),
                    effects.shaded(image, light), effects.highlight(rng, image, 0.8),
                    effects.vignetted(image, 0.6), effects.defocused(image, 1.5),
                    effects.motion_blurred(image, 7.5, 0.4), effects.noisy(rng, image, 0.05, 0.05),
                    effects.jpeg_compressed(image, 40)):
        assert changed.shape == image.shape and changed.dtype == np.float32
        assert changed.min() >= 0 and changed.max() <= 1
        assert np.abs(changed - image).max() > 0.01


def test_tone_takes_a_gain_for_every_channel():
    grey = np.full((2, 2, 3), 0.5, np.float32)
    assert np.allclose(effects.tone(grey, np.array((0.5, 1.0, 3.0)))[0, 0], (0.25, 0.5, 1.0))
    assert np.allclose(effects.tone(grey, gamma=2.0), 0.25)


def test_motion_blur_runs_along_its_angle_and_keeps_the_light():
    dot = np.zeros((41, 41), np.float32)
    dot[20, 20] = 1
    across = effects.motion_blurred(dot, 10.0, 0.0)
    assert across.sum() == pytest.approx(1, abs=1e-5)
    assert np.ptp(across.nonzero()[1]) == 10 and np.ptp(across.nonzero()[0]) == 0
    down = effects.motion_blurred(dot, 10.0, np.pi / 2)
    assert np.ptp(down.nonzero()[0]) == 10 and np.ptp(down.nonzero()[1]) == 0


def test_noise_has_the_stated_deviation():
    grey = np.full((200, 200), 0.5, np.float32)
    noise = effects.noisy(np.random.default_rng(0), grey, 0.03, 0.04) - grey
    assert noise.std() == pytest.approx(np.hypot(0.03, 0.04 * np.sqrt(0.5)), rel=0.03)


def test_bytes_and_unit_intensities_are_inverse():
    every = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(effects.to_bytes(effects.to_unit(every)), every)
