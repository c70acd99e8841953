# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A localiser that is wrong by known lengths, and the frames that it is asked for."""

import numpy as np
import torch

from scene_reloc_ros.datasets.simulated_room.simulated_sequence import CAMERA
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_exp
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
