# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What matched views tell of a lens, on exact worlds and on rendered images."""

import cv2
import numpy as np
import pytest
import torch

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.camera_refinement import corrected_rays
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress
from scene_reloc_ros.mapping.radial_fit import (
    fit_distortion,
    fit_radial_distortion,
    sampson_distances,
)
from scene_reloc_ros.mapping.view_matching import match_views, MatchingOptions, ViewMatches

FOCAL_PX = 500.0


def distorted(rays, values):
    """Return the rays (N, 2) whose correction by the values are the given ones."""
    rays, values = torch.as_tensor(rays).double(), torch.as_tensor(values).double()
    found = rays.clone()
    for _ in range(50):
        found = found + rays - corrected_rays(values, found)
    return found.numpy()


def matches_of(values, pairs=60, points=80, noise_px=0.0, pose_noise=0.0):
    """Return ViewMatches of random points in random pairs of views through a distorted lens."""
    rng = np.random.default_rng(0)
    columns = []
    for _ in range(pairs):
        twist = rng.normal(size=6) * (0.15, 0.15, 0.15, 0.12, 0.12, 0.12)
        first_from_second = se3_exp(torch.from_numpy(twist)).numpy()
        second = np.c_[rng.uniform(-0.6, 0.6, (points, 2)), np.ones(points)]
        seen = second * rng.uniform(1, 4, (points, 1))
        first = seen @ first_from_second[:3, :3].T + first_from_second[:3, 3]
        told = se3_exp(torch.from_numpy(rng.normal(size=6) * pose_noise)).numpy()
        told = told @ first_from_second
        x, y, z = told[:3, 3]
        essential = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0))) @ told[:3, :3]
        essential /= np.linalg.norm(essential)
        columns.append((distorted(first[:, :2] / first[:, 2:], values),
                        distorted(second[:, :2], values), np.repeat(essential[None], points, 0)))
    first, second, essentials = (np.concatenate(column) for column in zip(*columns))
    noise = rng.normal(scale=noise_px / FOCAL_PX, size=(2, *first.shape))
    return ViewMatches(first + noise[0], second + noise[1], essentials, pairs)


def test_the_distance_is_zero_where_the_lens_is_known():
    values = torch.tensor((0.01, -0.02, 0.03, -0.01, 0.08)).double()
    matches = matches_of(values)
    parts = [torch.from_numpy(part) for part in (
        matches.first, matches.second, matches.essential)]
    assert float(sampson_distances(values, *parts).abs().max()) < 1e-9
    assert float(sampson_distances(torch.zeros(5).double(), *parts).abs().median()) > 1e-3


def test_a_lens_is_found_through_noise_of_pixels_and_poses():
    truth = (0.012, -0.02, 0.02, -0.015, 0.09)
    fit = fit_distortion(matches_of(truth, noise_px=0.7, pose_noise=0.004), FOCAL_PX)
    assert float(fit.values[4]) == pytest.approx(truth[4], abs=0.015)
    assert fit.after_px < 0.8 * fit.before_px


def test_a_lens_that_is_as_calibrated_stays_as_it_is():
    fit = fit_distortion(matches_of((0.0,) * 5, noise_px=0.7, pose_noise=0.004), FOCAL_PX)
    assert float(fit.values[4]) == pytest.approx(0, abs=0.01)


def test_a_third_of_wrong_matches_does_not_matter():
    matches = matches_of((0.0, 0.0, 0.0, 0.0, 0.09), noise_px=0.5)
    wrong = np.random.default_rng(1).uniform(-12, 12, matches.first.shape) / FOCAL_PX
    wrong[np.arange(len(wrong)) % 3 > 0] = 0
    fit = fit_distortion(ViewMatches(matches.first + wrong, matches.second, matches.essential,
                               matches.pairs), FOCAL_PX)
    assert float(fit.values[4]) == pytest.approx(0.09, abs=0.02)


def test_few_pairs_tell_nothing():
    assert fit_distortion(matches_of((0.0,) * 5, pairs=5), FOCAL_PX) is None


@pytest.fixture(scope='module')
def survey():
    """Return frames of the simulated room and their poses."""
    frames = open_sequence('simulated:survey?frames=40')
    return frames, mapping_poses(frames)


@pytest.mark.slow
def test_a_lens_is_found_in_rendered_images(survey):
    frames, cam_from_map = survey
    camera = frames[0].camera

    def rays_of(pixels):  # of a calibration that knows nothing of the lens
        return distorted(camera.rays(pixels)[:, :2], (0.0, 0.0, 0.0, 0.0, 0.08))
    matches = match_views(
        lambda index: cv2.cvtColor(frames[index].image, cv2.COLOR_BGR2GRAY), rays_of,
        np.linalg.inv(cam_from_map.numpy()), np.random.default_rng(0), MatchingOptions(pairs=40),
        lambda done: True)
    fit = fit_distortion(matches, camera.focal)
    assert fit.pairs >= 15
    assert float(fit.values[4]) == pytest.approx(0.08, abs=0.02)


@pytest.mark.slow
def test_finding_a_lens_shows_its_progress_and_can_be_cancelled(survey):
    frames, cam_from_map = survey
    told = []
    fit = fit_radial_distortion(
        frames, cam_from_map, MatchingOptions(pairs=15), np.random.default_rng(0),
        MappingProgress(lambda *parts: told.append(parts), deadline=Deadline(60)))
    assert fit is None or abs(float(fit.values[4])) < 0.02
    assert told[0][:2] == ('matching', 0.0) and len(told) >= 10
    with pytest.raises(MappingCancelled):
        fit_radial_distortion(frames, cam_from_map, MatchingOptions(), np.random.default_rng(0),
                              MappingProgress(cancelled=lambda: True))


def test_finding_a_lens_keeps_to_its_time(survey):
    frames, cam_from_map = survey
    assert fit_radial_distortion(
        frames, cam_from_map, MatchingOptions(), np.random.default_rng(0),
        MappingProgress(deadline=Deadline(0.0))) is None


@pytest.mark.parametrize('image', [np.zeros((60, 80), np.uint8), None])
def test_views_without_anything_to_match_or_turn_give_no_matches(image):
    if image is None:  # all views at one place
        poses, image = np.repeat(np.eye(4)[None], 20, 0), np.zeros((60, 80), np.uint8)
    else:
        poses = se3_exp(0.1 * torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
                        .double()).numpy()
    matches = match_views(lambda index: image, lambda pixels: pixels / 100, poses,
                          np.random.default_rng(0), MatchingOptions(), lambda done: True)
    assert matches.pairs == 0 and fit_distortion(matches, 100.0) is None
