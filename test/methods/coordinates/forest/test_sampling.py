# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Sampling: pixels become points of the map, and frames without depth or pose give none."""

from dataclasses import replace

import numpy as np
import pytest

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.methods.coordinates.forest import sampling
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import PixelTests
from scene_reloc_ros.methods.coordinates.forest.sampling import draw_samples, frame_samples

CAMERA = Camera(64, 48, 60, 60, 31.5, 23.5)
TESTS = PixelTests.draw(np.random.default_rng(1), 60.0, True, 10)


def wall(known_columns=64):
    """Return a frame of a wall two metres away, from a camera turned to look along x."""
    map_from_cam = np.array([[0.0, 0, 1, 5], [-1, 0, 0, 6], [0, -1, 0, 7], [0, 0, 0, 1]])
    depth_m = np.full((48, 64), 2.0, np.float32)
    depth_m[:, known_columns:] = 0
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    return PosedImage('wall', 0, image, CAMERA, map_from_cam, depth_m)


def test_pixels_become_points_on_the_wall():
    found = frame_samples(wall(), TESTS, np.random.default_rng(2), 50)
    assert found.responses.shape == (50, 10)
    assert np.allclose(found.points[:, 0], 7)  # two metres before the camera at x = 5
    across = np.abs(found.points[:, 1:] - (6, 7)).max(0)
    assert (across <= np.array((31.5, 23.5)) / 60 * 2 + 1e-9).all() and across.min() > 0.5


def test_pixels_without_a_trusted_depth_are_left_out():
    found = frame_samples(wall(known_columns=32), TESTS, np.random.default_rng(2), 400)
    assert 300 < len(found.points) < 400  # of 800 tries; the two columns at the edge count as none
    assert (found.points[:, 1] > 6).all()  # the left half of the image


@pytest.mark.parametrize('missing', ['depth_m', 'map_from_cam'])
def test_a_frame_without_depth_or_pose_gives_none(missing):
    bare = replace(wall(), **{missing: None})
    found, = draw_samples([wall(), bare, wall()], [TESTS], 180, np.random.default_rng(2))
    assert found.responses.shape == (120, 10) and found.points.shape == (120, 3)
    with pytest.raises(ValueError, match='forest needs depth of the mapping frames; use cells, or '
                       r'record with depth \(only 0 pixels of 2 frames'):
        draw_samples([bare, bare], [TESTS], 120, np.random.default_rng(2))


def test_many_frames_share_the_samples_and_few_give_no_more_than_they_can_tell(monkeypatch):
    monkeypatch.setattr(sampling, '_MOST_OF_FRAME', 55)
    for most, drawn in ((120, 120), (4000, 220)):
        found, = draw_samples([wall()] * 4, [TESTS], most, np.random.default_rng(2))
        assert len(found.points) == drawn


def test_every_kind_of_tests_gets_samples():
    fixed = PixelTests.draw(np.random.default_rng(1), 60.0, False, 7)
    found = draw_samples([wall()] * 2, [TESTS, fixed], 120, np.random.default_rng(2))
    assert [samples.responses.shape for samples in found] == [(120, 10), (120, 7)]


def test_after_the_deadline_no_further_frame_is_read_and_any_may_be_the_first():
    frames = [replace(wall(), map_from_cam=wall().map_from_cam + np.eye(4, k=3) * number)
              for number in range(20)]
    first = [draw_samples(frames, [TESTS], 4000, np.random.default_rng(seed), MappingProgress(
        deadline=Deadline(0.0)))[0].points for seed in range(2)]
    assert [len(points) for points in first] == [200, 200]
    assert abs(first[0][:, 0].mean() - first[1][:, 0].mean()) > 0.5


def test_sampling_can_be_cancelled():
    with pytest.raises(MappingCancelled, match='sampling'):
        draw_samples([wall()] * 2, [TESTS], 200, np.random.default_rng(2),
                     MappingProgress(cancelled=lambda: True))


def test_the_same_generator_draws_the_same_samples():
    one, same = (draw_samples([wall()] * 2, [TESTS], 800, np.random.default_rng(2))
                 for _ in range(2))
    assert np.array_equal(one[0].responses, same[0].responses)
