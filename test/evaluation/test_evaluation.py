# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reports, plots and trajectories of localisations that are known exactly."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from scene_reloc_ros.datasets.simulated_room.simulated_sequence import CAMERA
from scene_reloc_ros.datasets.stamped_lines import tum_line
from scene_reloc_ros.evaluation.plots import plot_evaluation, plot_trust
from scene_reloc_ros.evaluation.report import evaluate
from scene_reloc_ros.evaluation.risk_coverage import (
    by_name,
    Group,
    reliability_diagram,
    risk_coverage_curve,
    trust_figures,
)
from scene_reloc_ros.evaluation.solver_benchmark import synthetic_problem
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_exp, transform_points
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.head import Head
from scene_reloc_ros.pipeline.localisation import Localisation, LocalisationTrace
from scene_reloc_ros.uncertainty.assessment import AssessedPose
from scene_reloc_ros.uncertainty.rejection import Rejection

SHIFTS_M = (0.0, 0.03, 0.08, 0.3, None)  # None: rejected


class ShiftedLocaliser:
    """Answers the truth, moved along x by a known length."""

    def __init__(self, truths):
        self.truths, self.asked = truths, -1

    def warm_up(self, camera):
        assert camera == CAMERA

    def trace(self, image, camera, depth_m=None):
        self.asked += 1
        shift, pose = SHIFTS_M[self.asked], self.truths[self.asked].copy()
        rejection = Rejection.TOO_FEW_INLIERS if shift is None else None
        pose[0, 3] += shift or 0.0
        pixels = np.array(((10.0, 20), (300, 200)), np.float32)
        points = np.array(((0, 0, 2.0), (0.1, 0, 3))) @ pose[:3, :3].T + pose[:3, 3]
        covariance = np.diag([0.01 ** 2] * 3 + [0.01 ** 2] * 3)
        probability = 0.1 if shift is None else 0.9
        found = Localisation(None if rejection else pose, None if rejection else covariance,
                             rejection, '', 2, 10, pixels, points.astype(np.float32),
                             10.0 + self.asked, probability, 'reference', 'cpu')
        best = AssessedPose(pose, covariance, probability, {}, 0.0)
        return LocalisationTrace(found, best)


class Frames:
    """Five posed images."""

    camera = CAMERA

    def __init__(self):
        twists = torch.randn(5, 6, generator=torch.Generator().manual_seed(0)).double()
        self.poses = se3_exp(0.3 * twists).numpy()

    def __len__(self):
        return 5

    def __getitem__(self, index):
        image = np.full((480, 640, 3), 90, np.uint8)
        return PosedImage(f'frame-{index}', index, image, CAMERA, self.poses[index])


@pytest.fixture()
def report():
    frames = Frames()
    return evaluate(ShiftedLocaliser(frames.poses), frames)


def test_the_summary_counts_rejected_frames_as_missed(report):
    summary = report.summary()
    assert (summary['frames'], summary['accepted']) == (5, 4)
    assert summary['recall_2cm_2deg'] == pytest.approx(0.2)
    assert summary['recall_5cm_5deg'] == pytest.approx(0.4)
    assert summary['recall_10cm_5deg'] == pytest.approx(0.6)
    assert summary['median_translation_m'] == pytest.approx(0.055)
    assert summary['median_rotation_deg'] == pytest.approx(0, abs=1e-6)
    assert summary['latency_ms']['median'] == 12
    assert summary['rejections'] == {'too_few_inliers': 1}
    assert (summary['solver'], summary['device']) == ('reference', 'cpu')


def test_nees_weighs_the_error_with_the_covariance(report):
    assert report.frames[1].nees == pytest.approx(9, rel=1e-6)  # three standard deviations
    assert report.frames[4].nees is None


def test_the_summary_says_how_honest_the_covariance_is(report):
    summary = report.summary()
    # errors of 0, 3, 8 and 30 standard deviations
    assert summary['nees_mean'] == pytest.approx((0 + 9 + 64 + 900) / 4, rel=1e-6)
    assert summary['nees_within_95'] == 0.5


def test_false_accepts_and_refused_good_answers_are_counted(report):
    figures = trust_figures([Group('clean', report.frames)])
    assert (figures['queries'], figures['false_accepts']) == (5, 1)  # 30 cm off and accepted
    assert figures['false_accept_rate'] == pytest.approx(0.2)
    # the first three and the refused one are within 10 cm
    assert figures['acceptance_of_good'] == pytest.approx(0.75)
    assert figures['kinds']['clean']['reasons'] == {'too_few_inliers': 1}


def test_a_picture_of_another_place_that_is_accepted_is_a_false_accept(report):
    stranger = replace(report.frames[0], name='otherroom-3', truth=None,
                       translation_m=np.inf, rotation_deg=np.inf)
    assert stranger.gross and stranger.accepted and not stranger.good
    figures = trust_figures(by_name([stranger]))
    assert list(figures['kinds']) == ['otherroom']
    assert figures['false_accept_rate'] == 1.0 and figures['acceptance_of_good'] is None


def test_reliability_and_curve_follow_the_probabilities():
    judged = [SimpleNamespace(localisation=SimpleNamespace(probability=p), good=good,
                              gross=not good)
              for p, good in ((0.05, False), (0.05, True), (0.95, True), (0.95, True))]
    low, high = reliability_diagram(judged)
    assert (low['queries'], low['good'], high['good']) == (2, 0.5, 1.0)
    curve = {point['probability']: point for point in risk_coverage_curve(judged)}
    assert curve[0.01]['false_accept_rate'] == 0.25
    assert curve[0.5]['false_accept_rate'] == 0 and curve[0.5]['acceptance_of_good'] == 2 / 3


def test_the_picture_of_trust_shows_something(report, tmp_path):
    figures = trust_figures([Group('clean', report.frames)])
    path = plot_trust(report, figures, tmp_path / 'trust.png')
    picture = cv2.imread(str(path))
    assert min(picture.shape[:2]) > 300 and picture.std() > 5


def test_a_frame_without_a_pose_cannot_be_evaluated():
    frames = Frames()
    frames.poses = [None] * 5
    with pytest.raises(ValueError, match='frame-0 has no pose'):
        evaluate(ShiftedLocaliser(frames.poses), frames)


def test_an_empty_list_cannot_be_evaluated():
    class Nothing:
        def __len__(self):
            return 0

    with pytest.raises(ValueError, match='no frame to evaluate'):
        evaluate(None, Nothing())


def test_the_pictures_show_something(report, tmp_path):
    scene_map = SceneMap(Head(), 'small', '', CAMERA, se3_exp(torch.rand(20, 6)),
                         torch.rand(5, 3))
    paths = plot_evaluation(report, Frames(), scene_map, tmp_path / 'plots')
    assert [path.name for path in paths] == ['route.png', 'errors.png', 'inliers.png']
    for path in paths:
        picture = cv2.imread(str(path))
        assert min(picture.shape[:2]) > 300 and picture.std() > 5


def test_stamps_of_trajectories_keep_their_nanoseconds():
    line = tum_line(1700000000000000001, np.eye(4))
    assert line.split() == ['1700000000.000000001', *['0.000000000'] * 6, '1.000000000']


def test_synthetic_inliers_lie_on_their_rays():
    problem = synthetic_problem(0, cells=500, inlier_ratio=1.0, noise_px=0.0)
    points = transform_points(torch.linalg.inv(problem.map_from_cam),
                              torch.from_numpy(problem.points)).numpy()
    assert np.allclose(525 * points[:, :2] / points[:, 2:], problem.pixels, atol=1e-8)
