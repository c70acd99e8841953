# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The camera of tracks: found where it is off, left alone where only poses are."""

import numpy as np
import pytest
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.mapping.camera_refinement import corrected_rays
from scene_reloc_ros.methods.matching.camera_fit import learn_camera, left_out_errors
from scene_reloc_ros.methods.matching.triangulation import Tracks

FOCAL_PX = 500.0
NOTHING = torch.zeros(5).double()
WRONG = torch.tensor([0.01, -0.008, 0.02, 0.02, 0.0]).double()  # of a camera, to be found


def tracks(views=40, noise_px=0.3, pose_noise_m=0.0, turning=False, camera=NOTHING):
    """Return tracks of a cloud of points seen from a walk, or from one spot.

    Args:
        views: how many.
        noise_px: of where a point is seen.
        pose_noise_m: how far poses wander from the truth, each and its neighbours together.
        turning: whether the camera only turns.
        camera: by which rays are corrected to be right.
    """
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.uniform((-3, -1.5, 2), (3, 1.5, 6), (300, 3)))
    wander = np.repeat(rng.normal(0, pose_noise_m, (views // 5 + 1, 3)), 5, 0)[:views]
    numbers, rays, poses = [], [], []
    for number in range(views):
        away = 0.0 if turning else 1.0
        along = np.linspace(-1, 1, views)[number]
        true = se3_exp(torch.tensor([away * along, away * 0.3 * np.sin(9 * along), 0.0,
                                     0.1 * np.cos(7 * along), 0.3 * np.sin(5 * along), 0.0]))
        seen = points @ invert_pose(true)[:3, :3].T + invert_pose(true)[:3, 3]
        right = seen[:, :2] / seen[:, 2:] + torch.from_numpy(
            rng.normal(0, noise_px / FOCAL_PX, (300, 2)))
        as_given = right.clone()
        for _ in range(20):  # rays that the camera corrects to the right ones
            as_given = as_given + right - corrected_rays(camera, as_given)
        inside = (right.abs() < 0.6).all(1)
        told = true.clone()
        told[:3, 3] += torch.from_numpy(wander[number])
        numbers.append(inside.nonzero()[:, 0])
        rays.append(as_given[inside])
        poses.append(invert_pose(told).expand(int(inside.sum()), 4, 4))
    point = torch.cat(numbers).unique(return_inverse=True)[1]
    return Tracks(point, torch.cat(rays), torch.cat(poses), FOCAL_PX)


def test_a_camera_that_is_off_is_found():
    found, figures = learn_camera(tracks(camera=WRONG))
    assert torch.allclose(found.camera, WRONG, atol=2e-3)
    assert figures['after_px'] < figures['before_px']


def test_views_are_found_where_they_are_by_what_others_tell():
    errors = left_out_errors(tracks(noise_px=0.0), NOTHING)
    assert len(errors) == 40 and float(errors.nan_to_num(1.0).max()) < 1e-6


def test_a_camera_that_is_off_leads_views_astray():
    seen = tracks(noise_px=0.0, camera=WRONG)
    assert float(left_out_errors(seen, WRONG).nanmedian()) < 1e-6
    assert float(left_out_errors(seen, NOTHING).nanmedian()) > 0.01


def test_views_near_one_another_do_not_vouch_for_each_other():
    # five neighbours share an error of their poses: found by the others, they are off by it
    errors = left_out_errors(tracks(noise_px=0.0, pose_noise_m=0.02), NOTHING)
    assert 0.01 < float(errors.nanmedian()) < 0.06


@pytest.mark.parametrize('pose_noise_m', [0.0, 0.03])
def test_a_camera_that_nothing_is_wrong_with_stays_or_hardly_moves(pose_noise_m):
    found, _ = learn_camera(tracks(pose_noise_m=pose_noise_m))
    given, learnt = (float(left_out_errors(tracks(pose_noise_m=pose_noise_m), camera).nanmedian())
                     for camera in (NOTHING, found.camera))
    assert learnt <= 1.05 * given
    assert float(found.camera.abs().max()) < 0.01


def test_views_that_only_turn_teach_no_camera():
    found, figures = learn_camera(tracks(turning=True, camera=WRONG))
    assert torch.equal(found.camera, NOTHING)
    assert figures['after_px'] == figures['before_px']


def test_few_views_leave_the_camera_as_it_is():
    found, _ = learn_camera(tracks(views=4, camera=WRONG))
    assert torch.equal(found.camera, NOTHING)
