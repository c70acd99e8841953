# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rigs in an exact box: one camera is that camera, several know more and say how well."""

from dataclasses import replace

import numpy as np
import pytest
from support.exact_scene import CAMERA, TEXTURE
from support.worlds.box_room import BoxLocaliser, place, Poverty, seen_points
import torch

from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import invert_pose, moved_covariance
from scene_reloc_ros.pipeline.sequence.joint_localiser import (
    JointLocaliser,
    PlacedQuery,
    RigImage,
)
from scene_reloc_ros.uncertainty.model import CovarianceModel
from scene_reloc_ros.uncertainty.rejection import Rejection

MOUNTS = [place(0.1, 0.2, turn) for turn in (0.0, 1.6, -1.6, 3.0)]  # rig_from_cam
MAP_FROM_RIG = place(0.4, -0.7, 0.8)
FAIR = Poverty(2.0, 0.3)


@pytest.fixture(scope='module')
def box():
    """Return a BoxLocaliser whose cells err independently."""
    return BoxLocaliser()


def placed(box, mounts, poverties, seed=0, map_from_rig=MAP_FROM_RIG):
    """Return the PlacedQuery of each camera of a rig."""
    return [PlacedQuery(box.query(seen_points(map_from_rig @ mount, poverty, 10 * seed + number)),
                        invert_pose(mounts[0]) @ mount)
            for number, (mount, poverty) in enumerate(zip(mounts, poverties))]


def test_a_rig_of_one_camera_is_that_camera_seen_from_the_rig(box):
    points = seen_points(MAP_FROM_RIG @ MOUNTS[1], FAIR)
    image = box.sees(points)
    alone = box.localiser.localise(image, CAMERA)
    rig = JointLocaliser(box.localiser).localise([RigImage(image, CAMERA, MOUNTS[1])])
    map_from_rig = alone.map_from_cam @ invert_pose(MOUNTS[1])
    assert np.allclose(rig.map_from_cam, map_from_rig, rtol=0, atol=1e-12)
    offset_m = map_from_rig[:3, 3] - alone.map_from_cam[:3, 3]
    assert np.allclose(rig.covariance, moved_covariance(alone.covariance, offset_m))
    assert rig.probability == alone.probability and rig.detail == alone.detail
    assert float(pose_errors(rig.map_from_cam, MAP_FROM_RIG)[0]) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize('cameras', [2, 4])
def test_more_cameras_know_the_pose_better_and_say_how_well(box, cameras):
    joint, errors, squared = JointLocaliser(box.localiser), [], []
    for seed in range(12):
        views = placed(box, MOUNTS[:cameras], [FAIR] * cameras, seed)
        together, truth = joint.trace(views).pose, MAP_FROM_RIG @ MOUNTS[0]
        alone = [joint.trace([replace(view, first_from_cam=np.eye(4))]).pose for view in views]
        errors.append([float(pose_errors(pose.map_from_cam, MAP_FROM_RIG @ mount)[0])
                       for pose, mount in zip([*alone, together], [*MOUNTS[:cameras], MOUNTS[0]])])
        squared.append(nees(together.map_from_cam, together.covariance, truth))
    *alone, together = np.median(errors, 0)
    assert together < 0.75 * min(alone)
    # The mean of 12 draws of chi-square(6) has a standard deviation of 1. What is doubted of the
    # calibrations does not become less with more cameras, so that the mean may lie below 6.
    assert 2.0 < np.mean(squared) < 8.0


def test_a_blind_camera_costs_the_rig_nothing(box):
    joint = JointLocaliser(box.localiser)
    views = placed(box, MOUNTS[:2], [FAIR, Poverty(1.0, 0.0)])
    dark = replace(views[1].query, quality=replace(views[1].query.quality, brightness=0.0))
    found = joint.trace([views[0], replace(views[1], query=dark)]).localisation
    alone = joint.trace(views[:1]).localisation
    assert found.accepted and alone.accepted
    assert float(pose_errors(found.map_from_cam, alone.map_from_cam)[0]) < 0.005


def test_cameras_mounted_elsewhere_than_stated_are_doubted(box):
    """A mount that is off by a metre: what one camera sees the other denies."""
    joint = JointLocaliser(box.localiser)
    views = placed(box, MOUNTS[:2], [Poverty(2.0, 0.12)] * 2)
    wrong = views[1].first_from_cam.copy()
    wrong[:3, 3] += 1.0
    right, doubted = (joint.trace([views[0], view]).localisation.probability
                      for view in (views[1], replace(views[1], first_from_cam=wrong)))
    assert doubted < right


def test_a_wrong_calibration_of_one_camera_widens_the_covariance():
    box = BoxLocaliser(CovarianceModel(14.0, 14.0, 0.006, 0.0027, 0.05))
    joint = JointLocaliser(box.localiser)
    bent = replace(CAMERA, fx=450.0, fy=450.0)
    first, second = (RigImage(TEXTURE, camera, MOUNTS[0]) for camera in (CAMERA, bent))
    queries = []
    for image, camera in ((first, CAMERA), (second, bent)):
        box.sees(seen_points(MAP_FROM_RIG @ MOUNTS[0], Poverty(1.0, 0.9), camera=CAMERA))
        queries.append(box.localiser.prepare(image.image, camera))
    right, wrong = (joint.trace([PlacedQuery(query, np.eye(4))] * 2).localisation
                    for query in queries)
    assert right.accepted
    assert not wrong.accepted or np.trace(wrong.covariance) > 2 * np.trace(right.covariance)


def test_a_rig_that_sees_nothing_has_no_pose_and_says_why(box):
    views = placed(box, MOUNTS[:3], [Poverty(1.0, 0.0)] * 3)
    found = JointLocaliser(box.localiser).trace(views).localisation
    assert found.rejection is Rejection.NO_CONSENSUS and found.map_from_cam is None
    assert found.detail == 'No pose among 14400 cells of 3 views.'


def test_pixels_and_points_are_those_of_the_first_camera(box):
    views = placed(box, MOUNTS[:2], [FAIR, Poverty(1.0, 0.9)])
    found = JointLocaliser(box.localiser).trace(views).localisation
    assert found.accepted and found.cells == 9600
    assert len(found.inlier_pixels) == len(found.inlier_points) < 0.4 * found.inliers
    seen = found.inlier_points @ found.map_from_cam[:3, :3]
    seen = seen - found.map_from_cam[:3, 3] @ found.map_from_cam[:3, :3]
    error = seen[:, :2] / seen[:, 2:] - CAMERA.rays(found.inlier_pixels)[:, :2]
    assert np.abs(error).max() * 500 < 15


@pytest.mark.parametrize(('count', 'mount', 'sentence'), [
    (0, np.eye(4), 'a rig of 0 images; expected 1 to 16'),
    (17, np.eye(4), 'a rig of 17 images'),
    (2, np.full((4, 4), np.nan), 'camera 0 of the rig'),
    (1, 2 * np.eye(4), 'camera 0 of the rig')])
def test_a_rig_that_means_nothing_is_named(box, count, mount, sentence):
    image = RigImage(box.sees(torch.zeros(4800, 3)), CAMERA, mount)
    with pytest.raises(ValueError, match=sentence):
        JointLocaliser(box.localiser).localise([image] * count)


def test_drift_lessens_what_a_cell_is_worth(box):
    query = box.query(torch.zeros(4800, 3))
    worths = [PlacedQuery(query, np.eye(4), np.array([drift] * 3 + [drift / 2] * 3)).worth(10.0)
              for drift in (0.0, 0.01, 0.1)]
    assert worths[0] == 1.0 > worths[1] > worths[2]
