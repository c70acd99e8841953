# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Streams of exact queries: right and wrong calibrations, walls, turned pictures, other sizes."""

from dataclasses import replace
import re

import cv2
import numpy as np
import pytest
from support.exact_scene import (
    CAMERA,
    CellNumbers,
    depths_of_cells,
    exact_localiser,
    MAP_FROM_CAM,
    points_seen_from,
    TEXTURE,
)
import torch

from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.geometry.turning import turned_camera, turned_from_upright, turned_image
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement, off_by
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.pipeline.camera_check import CameraMemory
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.solver.free_camera import corrected
from scene_reloc_ros.solver.problem import PoseProblem
from scene_reloc_ros.uncertainty.model import AcceptanceModel, CovarianceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.rejection import Rejection

SURE = UncertaintyModel(AcceptanceModel(9.0), CovarianceModel(3.0, 3.0, 0.004, 0.002, 0.0))
BENT = 0.25, 0.15  # how depths differ from place to place, so that views tell different things
# what the camera is stated as -> what its pictures tell instead: pattern of the sentence
WRONG = {
    'focal length': (replace(CAMERA, fx=457.0, fy=457.0),
                     r'focal length looks like (\d+\.\d) \+- (\d+\.\d) px.* says 457', 500.0),
    'principal point': (replace(CAMERA, cx=CAMERA.cx + 20),
                        r'principal point looks like \((\d+\.\d) \+- (\d+\.\d)', 319.5),
    'distortion': (replace(CAMERA, distortion_model='plumb_bob', distortion=(-0.1, 0, 0, 0)),
                   r'k1 looks like (-?\d\.\d+) \+- (\d\.\d+)', 0.0),
    'focal length of the map, pictures of another': (CAMERA, r'looks like (\d+\.\d) \+- (\d+\.\d)',
                                                     545.0),
}


def pose_at(number):
    """Return map_from_cam of a camera that walks along."""
    step = torch.tensor([0.12 * number, 0.02 * np.sin(number), 0, 0, 0.05 * number, 0]).double()
    return MAP_FROM_CAM @ se3_exp(step).numpy()


def stream(count, camera=CAMERA, taken_by=CAMERA, depths=None, noise_m=0.008, image=TEXTURE,
           **map_parts):
    """Return a CameraWatch, and its traces and poses of pictures of a stated camera."""
    views = torch.stack([torch.from_numpy(pose_at(number)).float() for number in range(0, 12)])
    localiser = exact_localiser(None, uncertainty=SURE, views=views, **map_parts)
    watch, found = CameraWatch(localiser), []
    for number in range(count):
        pose = pose_at(number % 12)
        shape = depths_of_cells() + BENT[0] * np.sin(number + np.arange(4800) / BENT[1])
        localiser.observer.head.points = points_seen_from(
            pose, shape if depths is None else depths, taken_by, noise_m)
        found.append((watch.trace(image, camera), pose))
    return watch, found


def surprises(found):
    """Return the NEES of accepted answers."""
    return [nees(trace.localisation.map_from_cam, trace.localisation.covariance, pose)
            for trace, pose in found if trace.localisation.accepted]


@pytest.mark.parametrize('name', WRONG)
def test_a_wrong_calibration_is_told_with_the_right_value_and_not_believed(name):
    stated, pattern, value = WRONG[name]
    taken_by = replace(CAMERA, fx=545.0, fy=545.0) if value == 545.0 else CAMERA
    watch, found = stream(8, stated, taken_by)
    notice, = watch.notices
    told = re.search(pattern, notice)
    assert told, notice
    estimate, deviation = map(float, told.groups())
    assert abs(estimate - value) < 3 * deviation + 0.02 * abs(value), notice
    assert all(surprise < 12.6 for surprise in surprises(found))
    assert {trace.localisation.rejection for trace, _ in found} <= {
        None, Rejection.MISCALIBRATED, Rejection.UNCERTAIN}


def test_poses_are_never_corrected():
    stated = WRONG['principal point'][0]
    watch, found = stream(6, stated)
    alone = watch.localiser.trace(TEXTURE, stated)
    assert watch.notices
    assert np.array_equal(found[-1][0].pose.map_from_cam, alone.pose.map_from_cam)
    metres, _ = pose_errors(alone.pose.map_from_cam, found[-1][1])
    assert float(metres) > 0.01


def test_the_first_frame_of_a_wrong_camera_is_not_believed_beyond_its_error():
    for stated, _, _ in list(WRONG.values())[:3]:
        _, found = stream(1, stated)
        assert all(surprise < 12.6 for surprise in surprises(found)), stated


@pytest.mark.parametrize('height', [480, 240, 960])
def test_a_right_camera_is_no_alarm_at_any_size_of_its_pictures(height):
    size = height * 4 // 3, height
    watch, found = stream(12, CAMERA.scaled(*size), image=cv2.resize(TEXTURE, size))
    assert watch.notices == ()
    assert all(trace.localisation.accepted for trace, _ in found)
    assert max(trace.finding.doubt.probability for trace, _ in found) < 0.01


def test_another_camera_that_is_right_is_no_alarm():
    other = replace(CAMERA, fx=430.0, fy=430.0, cx=331.0)
    watch, found = stream(12, other, other)
    assert watch.notices == ()
    assert sum(trace.localisation.accepted for trace, _ in found) >= 11


def test_a_right_camera_is_right_in_a_map_that_was_bent_by_its_own():
    """What mapping learnt of its camera may be the map's fault: another camera tells neither."""
    other = replace(CAMERA, fx=430.0, fy=430.0)
    watch, _ = stream(8, other, other, correction=CameraRefinement((0, 0, 0, 0, 0.05)))
    assert watch.notices == ()


def test_a_wall_seen_straight_tells_no_focal_length():
    watch, found = stream(8, WRONG['focal length'][0], depths=np.full(4800, 2.5))
    assert not any('focal length' in notice for notice in watch.notices)
    assert np.mean([trace.finding.doubt.probability for trace, _ in found]) < 0.5


def test_a_robot_that_stands_learns_from_one_view():
    memory = CameraMemory()
    _, found = stream(1, WRONG['focal length'][0])
    trace, pose = found[0]
    for _ in range(50):
        memory.add(trace.finding, pose)
    assert memory.knowledge.views == 1.0
    assert memory.weight_of(torch.from_numpy(pose)) == 0.0
    moved = pose.copy()
    moved[0, 3] += 2.0
    memory.add(trace.finding, moved)
    assert 1.9 < memory.knowledge.views < 2.0


def test_another_camera_info_begins_anew():
    watch, _ = stream(8, WRONG['focal length'][0])
    assert watch.notices
    watch.trace(TEXTURE, CAMERA)
    assert watch.notices == ()


@pytest.mark.parametrize('stated', [
    replace(CAMERA, fx=470.0, fy=470.0, cx=325.0),
    replace(CAMERA.scaled(320, 240), fx=262.0, fy=262.0, distortion_model='plumb_bob',
            distortion=(-0.04, 0, 0, 0, 0))])
def test_what_a_camera_is_off_by_if_it_is_that_of_the_map_gives_the_rays_of_the_map(stated):
    correction = CameraRefinement((0.004, -0.003, 0.005, 0.005, 0.02))
    values = np.array(off_by(stated, CAMERA, correction.values))
    pixels = np.random.default_rng(0).uniform((0, 0), (stated.width, stated.height), (200, 2))
    problem = PoseProblem(torch.from_numpy(stated.rays(pixels)), torch.zeros(200, 3).double(), 1.0)
    own = torch.from_numpy(CAMERA.scaled(stated.width, stated.height).rays(pixels))
    expected = correction(own[:, :2].float()).detach().numpy()
    found = corrected(problem, values).rays[:, :2].numpy()
    assert np.abs(own[:, :2].numpy() - stated.rays(pixels)[:, :2]).max() > 0.015
    assert np.abs(found - expected).max() < 0.004


def test_a_picture_of_another_shape_or_lens_is_not_that_of_the_maps_camera():
    nothing = CameraRefinement().values
    assert off_by(CAMERA.cropped(0, 0, 640, 360), CAMERA, nothing) is None
    fisheye = replace(CAMERA, distortion_model='equidistant', distortion=(0.0,) * 4)
    assert off_by(fisheye, CAMERA, nothing) is None


def test_depth_does_not_hide_a_wrong_focal_length():
    localiser = exact_localiser(points_seen_from(MAP_FROM_CAM), uncertainty=replace(
        SURE, rgbd=SURE.rgb), depth=DepthCorrection())
    depth_m = cv2.resize(depths_of_cells().reshape(60, 80).astype(np.float32), (640, 480))
    right = localiser.trace(TEXTURE, CAMERA, depth_m)
    assert right.localisation.accepted and right.finding.doubt.probability < 0.01
    trace = localiser.trace(TEXTURE, WRONG['focal length'][0], depth_m)
    assert trace.finding.doubt.probability > 0.5
    assert nees(trace.pose.map_from_cam, trace.pose.covariance, MAP_FROM_CAM) < 12.6


class Upright(CellNumbers):
    """Knows the cells of a picture only where its mark is top left."""

    asked = 0

    def forward(self, image):
        """Return the numbers of the cells, in any order where the picture is turned."""
        self.asked += 1
        numbers = super().forward(image)
        if image.shape[2] < image.shape[3] and float(image[0, 0, :16, :16].mean()) > 0.9:
            return numbers
        order = torch.randperm(4800, generator=torch.Generator().manual_seed(0)).float()
        return order[:numbers.numel()].reshape(numbers.shape)


def marked():
    """Return the picture of the exact scene with a mark top left."""
    image = TEXTURE.copy()
    image[:16, :16] = 255
    return image


def turning_watch(**map_parts):
    """Return a CameraWatch of a localiser that knows upright pictures, and its encoder."""
    localiser = exact_localiser(points_seen_from(MAP_FROM_CAM), uncertainty=SURE, **map_parts)
    localiser.observer.encoder = Upright()
    return CameraWatch(localiser), localiser.observer.encoder


@pytest.mark.parametrize(('quarters', 'words'), [
    (1, '90 degrees clockwise'), (2, 'by 180 degrees'), (3, '90 degrees anticlockwise')])
def test_a_turned_camera_is_found_and_its_pose_is_that_of_the_mounted_one(quarters, words):
    watch, encoder = turning_watch()
    camera = replace(turned_camera(CAMERA, quarters), turned=0)
    image = turned_image(marked(), quarters)
    answers = [watch.localise(image, camera) for _ in range(5)]
    assert answers[-1].accepted
    truth = MAP_FROM_CAM @ turned_from_upright(quarters).T
    metres, degrees = pose_errors(answers[-1].map_from_cam, truth)
    assert float(metres) < 0.01 and float(degrees) < 0.2
    assert nees(answers[-1].map_from_cam, answers[-1].covariance, truth) < 12.6
    assert any(words in notice for notice in watch.notices)
    points = answers[-1].inlier_points @ truth[:3, :3] - truth[:3, 3] @ truth[:3, :3]
    assert np.abs(camera.project(points) - answers[-1].inlier_pixels).max() < 12
    asked = encoder.asked
    watch.localise(image, camera)
    assert encoder.asked == asked + 1  # what worked is remembered


def test_turns_cost_nothing_where_pictures_are_localised_and_little_where_none_is():
    watch, encoder = turning_watch()
    for _ in range(5):
        assert watch.localise(marked(), CAMERA).accepted
    assert encoder.asked == 5 and watch.notices == ()
    for _ in range(15):
        assert not watch.localise(255 - marked(), CAMERA).accepted
    assert encoder.asked == 5 + 15 + 3 and watch.turned == 0


def test_a_dark_picture_is_not_turned():
    watch, encoder = turning_watch()
    for _ in range(6):
        assert watch.localise(TEXTURE // 12, CAMERA).rejection is Rejection.TOO_DARK
    assert encoder.asked == 6
