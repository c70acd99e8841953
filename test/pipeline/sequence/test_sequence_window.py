# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Windows of refused views: sure together, honest about drift, never surer than they may be."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.exact_scene import CAMERA, TEXTURE
from support.worlds.box_room import BoxLocaliser, drifted, place, Poverty, seen_points, walk
import torch

from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.pipeline.sequence.joint_localiser import JointLocaliser, PlacedQuery
from scene_reloc_ros.pipeline.sequence.sequence_window import SequenceWindow, WindowOptions
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.model import CovarianceModel
from scene_reloc_ros.uncertainty.rejection import Rejection

STEP_NS = 300_000_000
USUAL = CovarianceModel(14.0, 14.0, 0.006, 0.0027, 0.05)  # what maps have shown
# A picture of which a third is uncovered, one blurred and one in the dark, as cells see them.
POOR = {'crop': (Poverty(2.0, 0.7, 0.58), TEXTURE),
        'blur': (Poverty(4.0, 0.2), cv2.GaussianBlur(TEXTURE, (0, 0), 1.0)),
        'dark': (Poverty(3.0, 0.14), TEXTURE // 3)}
# Odometry of wheels and a gyroscope.
TRACKED = WindowOptions(odometry=GateOptions(
    drift_m_per_m=0.02, drift_rad_per_rad=0.02, drift_rad_per_m=0.005))
EXACT = WindowOptions(odometry=GateOptions(
    drift_m_per_m=0.03, drift_rad_per_rad=0.03, drift_rad_per_m=0.0, drift_m_per_s=0.0,
    drift_rad_per_s=0.0))


@pytest.fixture(scope='module')
def box():
    """Return a BoxLocaliser whose errors are those of usual maps."""
    return BoxLocaliser(USUAL)


def window_of(box, options=None):
    return SequenceWindow(JointLocaliser(box.localiser), options or WindowOptions())


def drive(box, window, poses, odometry, poverty, seed=0, image=TEXTURE):
    """Return for every step of a drive the answer alone and that of the window."""
    answers = []
    for number, (pose, odom_from_cam) in enumerate(zip(poses, odometry)):
        box.sees(seen_points(pose, poverty, 1000 * seed + number))
        alone, query = box.localiser.localise(image, CAMERA), box.localiser.prepare(image, CAMERA)
        found = window.join(number * STEP_NS, [PlacedQuery(query)], odom_from_cam, alone)
        answers.append((alone, found))
    return answers


def last_pose(box, window, poses, odometry, poverties, seed):
    """Return the AssessedPose of the last view of a drive, joined with those before it."""
    for number, (pose, odom_from_cam, poverty) in enumerate(zip(poses, odometry, poverties)):
        query = box.query(seen_points(pose, poverty, 1000 * seed + number))
        newest = window._place(number * STEP_NS, [PlacedQuery(query)], odom_from_cam)
        chosen = window._chosen(newest)
        window._keep(newest)
    return window.joint.trace([placed for kept in chosen
                               for placed in window._seen_from(newest, kept)]).pose


@pytest.mark.slow
@pytest.mark.parametrize('kind', POOR)
def test_poor_views_are_refused_alone_and_sure_together(box, kind, record_property):
    poverty, image = POOR[kind]
    alone, joined, errors, squared = [], [], [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        poses = walk(6, start=(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0, 6)))
        answers = drive(box, window_of(box, TRACKED), poses, drifted(poses, rng, 0.02, 0.02),
                        poverty, seed, image)
        alone += [single.accepted for single, _ in answers]
        joined.append(any(found.accepted and not single.accepted for single, found in answers)
                      or answers[-1][1].accepted)
        for (_, found), pose in zip(answers, poses):
            if found.accepted:
                errors.append(float(pose_errors(found.map_from_cam, pose)[0]))
                squared.append(nees(found.map_from_cam, found.covariance, pose))
    figures = {'alone': np.mean(alone), 'joined': np.mean(joined), 'worst_m': max(errors),
               'nees': np.mean(squared)}
    for name, figure in figures.items():
        record_property(name, float(figure))
    assert np.mean(alone) < 0.4 and np.mean(joined) >= 0.9, figures
    assert max(errors) < 0.1 and np.mean(squared) < 7.0, figures


@pytest.mark.slow
@pytest.mark.parametrize('others', ['as good', 'all that is seen'])
def test_drift_and_noise_are_in_the_covariance_of_the_result(others):
    """Mean of e^T Sigma^-1 e near 6 on seeded drift, below it where views overlap."""
    box = BoxLocaliser()
    good = Poverty(2.0, 0.4)
    newest = good if others == 'as good' else replace(good, right=0.02)
    squared, covered = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        poses = walk(4, turn_rad=0.3, start=(0.0, 0.0, seed))
        odometry = drifted(poses, rng, 0.03, 0.03)
        pose = last_pose(box, window_of(box, EXACT), poses, odometry, [good] * 3 + [newest], seed)
        squared.append(nees(pose.map_from_cam, pose.covariance, poses[-1]))
        covered.append(np.sqrt(pose.covariance[0, 0]))
    # the mean of 16 draws of chi-square(6) has a standard deviation of 0.87
    assert 3.0 < np.mean(squared) < 8.6, squared
    assert np.mean(covered) < 0.02


def test_the_more_odometry_drifts_the_less_older_views_count():
    """Only older views see anything: the pose is as uncertain as the way from them."""
    box, poses = BoxLocaliser(), walk(4)
    deviations = []
    for drift in (0.0, 0.02, 0.1):
        odometry = GateOptions(drift_m_per_m=drift, drift_rad_per_rad=drift, drift_rad_per_m=0.0,
                               drift_m_per_s=0.0, drift_rad_per_s=0.0)
        pose = last_pose(box, window_of(box, WindowOptions(odometry=odometry)), poses, poses,
                         [Poverty(1.0, 0.5)] * 3 + [Poverty(1.0, 0.0)], 0)
        deviations.append(np.sqrt(np.diag(pose.covariance)[:3].max()))
    assert deviations[0] < 0.002 and deviations[0] < deviations[1] < deviations[2]
    assert deviations[1] > 0.02 * 0.08  # the way from the nearest of them


def test_an_accepted_view_is_answered_as_it_is_alone(box):
    window, pose = window_of(box), place()
    answers = drive(box, window, [pose], [np.eye(4)], Poverty())
    alone, found = answers[0]
    assert found.accepted and np.array_equal(alone.map_from_cam, found.map_from_cam)
    assert len(window) == 0


def test_equal_input_gives_equal_answers(box):
    poses = walk(5)
    first, second = (next(found for _, found in drive(
        box, window_of(box, TRACKED), poses, poses, POOR['dark'][0]) if found.accepted)
        for _ in range(2))
    assert 'views together' in first.detail
    assert np.array_equal(first.map_from_cam, second.map_from_cam)
    assert np.array_equal(first.covariance, second.covariance)
    assert len(first.inlier_pixels) == len(first.inlier_points) < first.inliers
    joined = first.joined
    assert joined.frames == joined.images >= 2 and first.cells == joined.images * 4800
    assert joined.seconds == pytest.approx((joined.frames - 1) * 0.3)


def test_views_that_have_made_an_answer_are_not_heard_again(box):
    window, poses = window_of(box, TRACKED), walk(6)
    for number, pose in enumerate(poses):
        box.sees(seen_points(pose, POOR['dark'][0], number))
        alone, before = box.localiser.localise(TEXTURE, CAMERA), len(window)
        found = window.localise(number * STEP_NS, TEXTURE, CAMERA, pose)
        if found.accepted and not alone.accepted:
            assert before >= 1 and len(window) == 0
            return
    pytest.fail('no window was sure')


def test_views_that_all_look_like_another_place_stay_refused():
    poses = walk(5)
    seen = torch.cat([seen_points(pose) for pose in poses])
    twin = BoxLocaliser(USUAL, ambiguous=voxels_of(seen))
    for alone, found in drive(twin, window_of(twin), poses, poses, Poverty(1.0, 0.9)):
        assert alone.rejection is found.rejection is Rejection.AMBIGUOUS


def test_two_places_that_explain_the_views_equally_well_stay_refused(box):
    window = window_of(box)
    elsewhere = place(1.0, 0.5, 2.0) @ np.linalg.inv(walk(1)[0])
    for number, pose in enumerate(walk(5)):
        here, there = seen_points(pose, seed=number), seen_points(elsewhere @ pose, seed=number)
        box.sees(torch.where(torch.arange(4800)[:, None] % 2 == 0, here, there))
        found = window.localise(number * STEP_NS, TEXTURE, CAMERA, pose)
        assert found.rejection is Rejection.AMBIGUOUS, found


def test_one_poster_seen_again_and_again_proves_no_more_than_once(box):
    """A patch of one wall, the same in all views, refused alone: five such views are refused."""
    window, poses = window_of(box), walk(6, speed_m=0.05, turn_rad=0.04)
    poster = None
    for number, pose in enumerate(poses):
        points = seen_points(pose, Poverty(1.0), number)
        if poster is None:
            patch = torch.zeros(60, 80, dtype=torch.bool)
            patch[24:36, 34:46] = True
            poster = points[patch.view(-1)]
            low, high = poster.amin(0) - 0.01, poster.amax(0) + 0.01
        inside = ((points >= low) & (points <= high)).all(1)
        box.sees(torch.where(inside[:, None], points, seen_points(pose, Poverty(1.0, 0.0))))
        alone = box.localiser.localise(TEXTURE, CAMERA)
        found = window.localise(number * STEP_NS, TEXTURE, CAMERA, pose)
        assert not alone.accepted and not found.accepted


def test_views_that_contradict_one_another_are_refused(box):
    """Odometry that is wrong by metres: what each view sees is another place to the others."""
    poses, rng = walk(5), np.random.default_rng(0)
    window = window_of(box)
    for number, pose in enumerate(poses):
        box.sees(seen_points(pose, Poverty(2.0, 0.1), number))
        odom_from_cam = pose.copy()
        odom_from_cam[:3, 3] += rng.uniform(-1, 1, 3) * number
        found = window.localise(number * STEP_NS, TEXTURE, CAMERA, odom_from_cam)
    assert not found.accepted or float(pose_errors(found.map_from_cam, poses[-1])[0]) < 0.1


def test_pictures_of_nothing_give_no_pose_together(box):
    window = window_of(box)
    for number, pose in enumerate(walk(6)):
        box.sees(seen_points(pose, Poverty(1.0, 0.0), number))
        found = window.localise(number * STEP_NS, TEXTURE, CAMERA, pose)
        assert not found.accepted and found.map_from_cam is None


def test_memory_and_the_views_of_a_problem_are_bounded(box):
    window = window_of(box, WindowOptions(seconds=1000.0, views=4, apart=0.0))
    query = box.query(seen_points(place(), Poverty(1.0, 0.0)))
    for number in range(100):
        newest = window._place(number, [PlacedQuery(query)], np.eye(4))
        chosen = window._chosen(newest)
        window._keep(newest)
    assert len(window) == 64 and len(chosen) == 4
    stamps = [view.stamp_ns for view in chosen]
    assert stamps[0] == 99 and np.ptp(np.diff(stamps[1:])) <= 1  # evenly over what is kept


def test_a_camera_that_stands_remembers_one_view(box):
    window = window_of(box)
    query = box.query(seen_points(place(), Poverty(1.0, 0.0)))
    for number in range(5):
        newest = window._place(number, [PlacedQuery(query)], np.eye(4))
        assert window._chosen(newest) == [newest]
        window._keep(newest)
    assert len(window) <= 2


def test_old_views_are_forgotten_and_a_clock_that_jumps_back_begins_anew(box):
    window = window_of(box)
    query = box.query(seen_points(place(), Poverty(1.0, 0.0)))
    for stamp_ns, count in ((10**10, 1), (11 * 10**9, 2), (12 * 10**9 + 1, 2), (5, 1)):
        window._keep(window._place(stamp_ns, [PlacedQuery(query)], place(stamp_ns * 1e-9)))
        assert len(window) == count


@pytest.mark.parametrize('broken', [np.full((4, 4), np.nan), np.eye(3), np.zeros((4, 4))])
def test_odometry_that_is_no_pose_is_named_and_costs_nothing(box, broken):
    window = window_of(box)
    query = box.query(seen_points(place(), Poverty(1.0, 0.0)))
    window._keep(window._place(1, [PlacedQuery(query)], np.eye(4)))
    with pytest.raises(ValueError, match='odometry'):
        window.localise(2, TEXTURE, CAMERA, broken)
    assert len(window) == 1


@pytest.mark.parametrize('options', [{'views': 1}, {'views': 17}, {'seconds': 0.0},
                                     {'seconds': np.nan}, {'apart': -0.1}])
def test_a_window_that_means_nothing_is_refused(options):
    with pytest.raises(ValueError, match='a window of'):
        WindowOptions(**options)
