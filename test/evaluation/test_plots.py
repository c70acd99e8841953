# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a report are not empty."""

import cv2
from support.shifted_localiser import Frames
import torch

from scene_reloc_ros.datasets.simulated_room.simulated_sequence import CAMERA
from scene_reloc_ros.evaluation.plots import plot_evaluation, plot_trust
from scene_reloc_ros.evaluation.risk_coverage import Group, trust_figures
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap


def test_the_picture_of_trust_shows_something(report, tmp_path):
    figures = trust_figures([Group('clean', report.frames)])
    path = plot_trust(report, figures, tmp_path / 'trust.png')
    picture = cv2.imread(str(path))
    assert min(picture.shape[:2]) > 300 and picture.std() > 5


def test_the_pictures_show_something(report, tmp_path):
    scene_map = SceneMap(MapContent('ace'), 'small', '', CAMERA, se3_exp(torch.rand(20, 6)),
                         torch.rand(5, 3))
    paths = plot_evaluation(report, Frames(), scene_map, tmp_path / 'plots')
    assert [path.name for path in paths] == ['route.png', 'errors.png', 'inliers.png']
    for path in paths:
        picture = cv2.imread(str(path))
        assert min(picture.shape[:2]) > 300 and picture.std() > 5
