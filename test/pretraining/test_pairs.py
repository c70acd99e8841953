# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pairs: exact correspondences in pictures and in scenes, and the light that changes them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_reloc_ros.datasets.procedural_images import procedural_image
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.pretraining.contrastive_loss import sample_descriptors
from scene_reloc_ros.pretraining.pairs import make_pair, PairOptions, random_homography
from scene_reloc_ros.pretraining.photometric import photometric_change, PhotometricOptions, STILL
from scene_reloc_ros.pretraining.procedural_scenes import procedural_scene
from scene_reloc_ros.pretraining.two_views import TwoViews

PLAIN = PairOptions(photometric=STILL, occluded=0.0)


def values_at(crop, pixels):
    return sample_descriptors(torch.from_numpy(crop)[None, None],
                              torch.from_numpy(pixels.astype(np.float32))[None], 1)[0, :, 0]


def smooth_picture(height=480, width=640):
    v, u = np.mgrid[:height, :width]
    return (127 + 60 * np.sin(u / 40) + 60 * np.cos(v / 30)).astype(np.uint8)


@pytest.mark.parametrize('seed', range(5))
def test_corresponding_pixels_show_the_same_spot(seed):
    """A smooth picture has nearly the same value at both ends of a correspondence."""
    pair = make_pair(np.random.default_rng(seed), TwoViews.of_picture(smooth_picture()), PLAIN)
    difference = values_at(pair.crop_a, pair.pixels_a) - values_at(pair.crop_b, pair.pixels_b)
    assert len(pair.pixels_a) == 128
    assert float(difference.abs().median()) < 0.01


@pytest.mark.parametrize('seed', range(6))
def test_scenes_show_the_same_spot_from_both_sides(seed):
    """Lambert textures: what both views see has one value, but for interpolation."""
    rng = np.random.default_rng(seed)
    views = procedural_scene(rng, [smooth_picture()] * 4)
    pixels = rng.uniform(2, views.image_a.shape[0] - 3, (4000, 2))
    carried, seen = views.carry(pixels)
    assert seen.sum() > 40
    a, b = (values_at(image.astype(np.float32), p[seen])
            for image, p in ((views.image_a, pixels), (views.image_b, carried)))
    assert float((a - b).abs().median()) < 2.0
    assert float((a - b).abs().quantile(0.9)) < 8.0


def test_a_scene_hides_what_stands_behind():
    """A near plane in view b's way: its depth disagrees, so nothing counts as seen."""
    camera = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
    image, far = np.zeros((48, 64), np.uint8), np.full((48, 64), 3.0, np.float32)
    pixels = np.array(((20.0, 20.0), (40.0, 30.0)))
    moved = np.eye(4)
    moved[0, 3] = 0.1
    seen_through = TwoViews(image, image, camera, moved, far, far)
    carried, seen = seen_through.carry(pixels)
    assert seen.all() and np.allclose(carried, pixels + (60.0 * 0.1 / 3.0, 0))
    hidden = TwoViews(image, image, camera, moved, far, np.full_like(far, 1.0))
    assert not hidden.carry(pixels)[1].any()
    unknown = TwoViews(image, image, camera, moved, np.zeros_like(far), far)
    assert not unknown.carry(pixels)[1].any()


def test_crops_differ_by_no_more_than_asked():
    options = replace(PLAIN, perspective=0.0)
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = (random_homography(rng, np.array((320.0, 240.0)), 1.0, options)
                for _ in range(2))
        linear = (b @ np.linalg.inv(a))[:2, :2]
        scale = np.sqrt(np.linalg.det(linear))
        angle = np.arctan2(linear[1, 0], linear[0, 0])
        assert 0.499 <= scale <= 2.001 and abs(angle) <= options.rotation + 1e-4


def test_some_points_lie_close_to_one_another():
    picture = TwoViews.of_picture(procedural_image(np.random.default_rng(0)))
    nearest = []
    for near in (0.0, 1.0):
        pair = make_pair(np.random.default_rng(3), picture, replace(PLAIN, near=near), 16)
        away = np.linalg.norm(pair.pixels_a[:, None] - pair.pixels_a[None], axis=-1)
        away[np.diag_indices(len(away))] = np.inf
        nearest.append(np.mean(away.min(1) < 25))
    assert nearest[1] > 0.8 > nearest[0]


def test_nothing_is_said_of_what_is_occluded():
    """With something before every crop, the points left still show the same spots."""
    pair = make_pair(np.random.default_rng(1), TwoViews.of_picture(smooth_picture()),
                     replace(PLAIN, occluded=1.0))
    plain = make_pair(np.random.default_rng(1), TwoViews.of_picture(smooth_picture()), PLAIN)
    difference = values_at(pair.crop_a, pair.pixels_a) - values_at(pair.crop_b, pair.pixels_b)
    assert float(difference.abs().quantile(0.9)) < 0.03
    assert np.abs(pair.crop_a - plain.crop_a).max() > 0.1


def test_views_that_share_nothing_give_no_pair():
    camera = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
    image, depth = np.zeros((48, 64), np.uint8), np.full((48, 64), 2.0, np.float32)
    away = np.diag((-1.0, 1.0, -1.0, 1.0))
    assert make_pair(np.random.default_rng(0),
                     TwoViews(image, image, camera, away, depth, depth), PLAIN) is None


def test_photometric_change_changes_light_and_stays_in_range():
    view = np.random.default_rng(0).random((96, 96)).astype(np.float32)
    changed = [photometric_change(np.random.default_rng(s), view, PhotometricOptions())
               for s in range(40)]
    assert all(c.min() >= 0 and c.max() <= 1 and c.dtype == np.float32 for c in changed)
    assert np.std([c.mean() for c in changed]) > 0.03


def test_still_leaves_a_view_as_it_is():
    view = np.random.default_rng(0).random((96, 96)).astype(np.float32)
    assert np.array_equal(photometric_change(np.random.default_rng(1), view, STILL), view)
