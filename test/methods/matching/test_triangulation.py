# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Triangulation: exact worlds, a camera that is off, covariances that are honest."""

import cv2
import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.camera_refinement import corrected_rays
from scene_reloc_ros.methods.matching.triangulation import linear_points, Tracks, triangulate

FOCAL = 500.0
EXACT = torch.zeros(5).double()


def world(points=40, views=6, noise_px=0.0, camera=EXACT, seed=0):
    """Return the Tracks of random points, and the points (T, 3)."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.rand(points, 3, generator=generator).double() * torch.tensor(
        [2.0, 1.5, 2.0]) + torch.tensor([-1.0, -0.7, 2.0])
    twists = torch.randn(views, 6, generator=generator).double() * torch.tensor(
        [0.5, 0.3, 0.3, 0.1, 0.15, 0.1])
    number, rays, poses = [], [], []
    for cam_from_map in invert_pose(se3_exp(twists)):
        seen = truth @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
        flat = seen[:, :2] / seen[:, 2:]
        given = flat.clone()
        for _ in range(20):  # the ray that the correction turns into the true one
            given = given - (corrected_rays(camera, given) - flat)
        given += noise_px / FOCAL * torch.randn(given.shape, generator=generator).double()
        number.append(torch.arange(points))
        rays.append(given)
        poses.append(cam_from_map.expand(points, 4, 4))
    return Tracks(torch.cat(number), torch.cat(rays), torch.cat(poses), FOCAL), truth


def test_exact_rays_meet_in_their_points():
    tracks, truth = world()
    assert float((linear_points(tracks, EXACT) - truth).abs().max()) < 1e-6
    found = triangulate(tracks, EXACT)
    assert float((found.points - truth).abs().max()) < 1e-5
    assert float(found.errors_px.max()) < 1e-2


def test_two_views_agree_with_opencv():
    tracks, _ = world(views=2, noise_px=0.3)
    half = len(tracks.point) // 2
    cameras = [tracks.cam_from_map[i, :3].numpy() for i in (0, half)]
    flat = [tracks.rays[part].numpy().T for part in (slice(half), slice(half, None))]
    homogeneous = cv2.triangulatePoints(*cameras, *flat)
    expected = (homogeneous[:3] / homogeneous[3]).T
    found = triangulate(tracks, EXACT, 30).points.numpy()
    assert np.median(np.linalg.norm(found - expected, axis=1)) < 0.01


def test_wrong_views_do_not_move_a_point():
    tracks, truth = world(views=8)
    rays = tracks.rays.clone()
    rays[:len(truth)] += 0.2  # the first view shows something else
    found = triangulate(Tracks(tracks.point, rays, tracks.cam_from_map, FOCAL), EXACT, 20)
    assert float((found.points - truth).norm(dim=1).median()) < 0.005
    assert float(found.errors_px[:len(truth)].median()) > 20


def test_a_camera_that_is_off_is_found_with_the_points():
    camera = torch.tensor([0.01, -0.008, 0.012, 0.006, 0.05]).double()
    tracks, truth = world(points=400, views=12, noise_px=0.3, camera=camera)
    plain = triangulate(tracks, EXACT, 20)
    found = triangulate(tracks, EXACT, 30, free_camera=True)
    assert float((found.camera - camera).abs().max()) < 0.003
    assert float(found.errors_px.median()) < 0.6 * float(plain.errors_px.median())
    assert (float((found.points - truth).norm(dim=1).median())
            < 0.5 * float((plain.points - truth).norm(dim=1).median()))


def test_covariances_are_honest():
    tracks, truth = world(points=500, views=6, noise_px=0.5)
    found = triangulate(tracks, EXACT, 15)
    error = found.points - truth
    surprise = torch.einsum('ti,tij,tj->t', error, torch.linalg.inv(
        0.25 * found.covariances), error)
    assert 2.0 < float(surprise.median()) < 3.2  # 2.37 is the median of chi-square of three


@pytest.mark.parametrize('seed', range(3))
def test_a_point_behind_a_camera_has_no_finite_error(seed):
    tracks, truth = world(seed=seed)
    turned = tracks.cam_from_map.clone()
    turned[0] = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0])).double() @ turned[0]
    found = triangulate(Tracks(tracks.point, tracks.rays, turned, FOCAL), EXACT, 0, points=truth)
    assert found.errors_px.isinf().nonzero()[:, 0].tolist() == [0]
