# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Pixel tests: the gather against a loop over points, borders, holes, and the draw."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from scene_reloc_ros.methods.coordinates.forest import pixel_tests
from scene_reloc_ros.methods.coordinates.forest.pixel_tests import DEPTH, PixelTests

SIZE = (30, 40)  # rows, columns


def view(seed=0):
    """Return a random image (30, 40, 3), depths with a hole, pixels (9, 2) and their depths."""
    rng = np.random.default_rng(seed)
    depth_m = rng.uniform(0.5, 4, SIZE).astype(np.float32)
    depth_m[5:15, 5:15] = 0
    pixels = rng.integers(0, SIZE[::-1], (9, 2))
    return (rng.integers(0, 256, (*SIZE, 3)).astype(np.uint8), depth_m, pixels,
            rng.uniform(0.1, 4, 9).astype(np.float32))


def one_test(first, second, channel, depth_scaled=False):
    """Return a single test of one channel at two offsets."""
    return PixelTests(np.array([[first, second]], np.float32),
                      np.full((1, 2), channel, np.uint8), depth_scaled, 500.0)


def slow_responses(tests, image, depth_m, pixels, depths):
    """Return what responses does, one test and point after the other."""
    planes = tests._planes(image, depth_m)
    found = np.empty((len(pixels), len(tests)), np.float32)
    for row, (pixel, depth) in enumerate(zip(pixels, depths)):
        share = 1 / max(depth, np.float32(0.25)) if tests.depth_scaled else np.float32(1)
        for test in range(len(tests)):
            values = []
            for offset, channel in zip(tests.offsets[test], tests.channels[test]):
                u, v = np.floor(offset * share + pixel.astype(np.float32) + np.float32(0.5))
                values.append(planes[channel, int(np.clip(v, 0, SIZE[0] - 1)),
                                     int(np.clip(u, 0, SIZE[1] - 1))])
            found[row, test] = values[0] - values[1]
    return found


@pytest.mark.parametrize('depth_scaled', [True, False])
def test_responses_are_those_of_a_loop_over_tests_and_points(depth_scaled):
    tests = PixelTests.draw(np.random.default_rng(1), 60.0, depth_scaled, 50)
    seen = view()
    responses = tests.responses(*seen)
    assert responses.shape == (9, 50) and responses.dtype == np.float32
    assert np.array_equal(responses, slow_responses(tests, *seen))


@given(st.integers(0, 2 ** 32 - 1), st.floats(1, 5000))
@settings(max_examples=20, deadline=None)
def test_any_offset_of_any_pixel_reads_inside_the_image(seed, focal_px):
    tests = PixelTests.draw(np.random.default_rng(seed), focal_px, True, 20)
    assert np.isfinite(tests.responses(*view(seed))).all()


def test_a_point_moves_less_on_a_far_surface_and_stays_at_the_border():
    ramp = np.tile(np.arange(1, 41, dtype=np.float32), (30, 1))  # metres, one more a column
    tests = one_test((8.0, 0.0), (0.0, 0.0), DEPTH, depth_scaled=True)
    pixels, depths = np.array([[10, 5], [10, 5], [39, 5]]), np.array([1.0, 4.0, 1.0])
    found = tests.responses(np.zeros(SIZE, np.uint8), ramp, pixels, depths)
    assert found.ravel().tolist() == [8, 2, 0]
    fixed = replace(tests, depth_scaled=False)
    found = fixed.responses(np.zeros(SIZE, np.uint8), ramp, pixels, depths)
    assert found.ravel().tolist() == [8, 8, 0]


def test_a_hole_in_the_depth_is_far_away():
    depth_m = np.full(SIZE, 2.0, np.float32)
    depth_m[:, 20:] = 0
    tests = one_test((10.0, 0.0), (0.0, 0.0), DEPTH)
    found = tests.responses(np.zeros(SIZE, np.uint8), depth_m, np.array([[15, 5]]), np.ones(1))
    assert found.item() == pixel_tests._UNKNOWN_M - 2


def test_depth_of_half_the_size_is_read_at_the_same_place():
    tests = one_test((10.0, 0.0), (0.0, 0.0), DEPTH)
    half = np.tile(np.arange(1, 21, dtype=np.float32), (15, 1))
    found = tests.responses(np.zeros(SIZE, np.uint8), half, np.array([[15, 5]]), np.ones(1))
    assert found.item() == 5


def test_a_grey_image_is_one_whose_channels_are_the_same():
    image, *rest = view()
    tests = PixelTests.draw(np.random.default_rng(1), 60.0, True, 50)
    grey = np.ascontiguousarray(image[..., 0])
    assert np.allclose(tests.responses(grey, *rest),
                       tests.responses(np.stack([grey] * 3, -1), *rest), atol=1e-3)


def test_a_darker_exposure_hardly_changes_colour_responses():
    image, *rest = view()
    tests = PixelTests.draw(np.random.default_rng(1), 60.0, False, 50)
    darker = (image * 0.5).astype(np.uint8)
    assert np.abs(tests.responses(image, *rest) - tests.responses(darker, *rest)).max() < 4


def test_another_focal_length_moves_the_points_in_proportion():
    tests = PixelTests.draw(np.random.default_rng(1), 525.0, True)
    wide = tests.seen_with(262.5)
    assert np.allclose(wide.offsets, tests.offsets / 2) and wide.focal_px == 262.5
    assert wide.blur_px == tests.blur_px / 2  # a point sees as much of the place
    assert np.array_equal(wide.channels, tests.channels)


def test_drawn_radii_lie_between_three_and_130_pixels_and_compare_like_with_like():
    tests = PixelTests.draw(np.random.default_rng(1), 525.0, True)
    radii = np.linalg.norm(tests.offsets, axis=-1)
    assert len(tests) == 200 and 2.99 < radii.min() and radii.max() < 130.1
    assert 15 < np.median(radii) < 26  # log-uniform: the geometric mean of the ends is 19.7
    depth = tests.channels == DEPTH
    assert np.array_equal(depth[:, 0], depth[:, 1]) and depth[:, 0].sum() == 50


def test_tests_of_fixed_offsets_need_no_depth_and_the_others_say_so():
    image, _, pixels, depths = view()
    fixed = PixelTests.draw(np.random.default_rng(1), 525.0, False)
    assert fixed.responses(image, None, pixels, depths).shape == (9, 200)
    with pytest.raises(ValueError, match='without any'):
        PixelTests.draw(np.random.default_rng(1), 525.0, True).responses(
            image, None, pixels, depths)


@pytest.mark.parametrize('depth_scaled', [True, False])
def test_tests_survive_as_tensors(depth_scaled):
    tests = PixelTests.draw(np.random.default_rng(1), 525.5, depth_scaled, 7)
    again = PixelTests.from_tensors(tests.tensors())
    assert np.array_equal(again.offsets, tests.offsets)
    assert np.array_equal(again.channels, tests.channels)
    assert (again.depth_scaled, again.focal_px) == (depth_scaled, 525.5)
