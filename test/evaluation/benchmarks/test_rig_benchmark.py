# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The rigs that solvers are compared on, and how ours stand beside PoseLib's."""

import importlib.util

import numpy as np
import pytest
import torch

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.evaluation.benchmarks.rig_benchmark import (
    benchmark_rig,
    MISSING,
    OURS,
    PEER,
    ring_of_cameras,
    synthetic_rig,
)
from scene_reloc_ros.geometry.poses import invert_pose, se3_log, transform_points


def test_inliers_of_every_camera_lie_on_their_rays():
    problem = synthetic_rig(0, ring_of_cameras(3), cells=200, inlier_ratio=1.0, noise_px=0.0)
    for mount, points, pixels in zip(problem.cam_from_rig, problem.points, problem.pixels):
        seen = transform_points(mount @ problem.rig_from_map, torch.from_numpy(points)).numpy()
        assert np.allclose(525 * seen[:, :2] / seen[:, 2:], pixels, atol=1e-8)


def test_the_cameras_of_a_ring_look_outwards_from_their_places():
    mounts = ring_of_cameras(4)
    assert torch.allclose(se3_log(mounts[0])[3:], torch.zeros(3).double())
    for rig_from_cam in invert_pose(mounts):
        place, forwards = rig_from_cam[:3, 3], rig_from_cam[:3, 2]
        assert torch.allclose(place, 0.2 * forwards, atol=1e-12)


def test_a_rig_is_placed_as_accurately_as_by_poselib():
    pytest.importorskip('poselib', reason='PoseLib is not installed')
    figures = benchmark_rig(problems=12, cameras=4, cells=600)
    assert figures['skipped'] is None
    assert figures['solvers'][PEER]['error_ratio'] <= 1.1
    assert figures['solvers'][OURS]['success_2cm_1deg'] == 1


def test_without_poselib_the_table_says_why_there_is_no_peer(monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec',
                        lambda name: None if name == 'poselib' else find(name))
    assert main(['bench', 'rig', '--problems', '1', '--cameras', '2', '--cells', '200']) == 0
    told = capsys.readouterr().out
    assert MISSING in told and OURS in told and PEER not in told


@pytest.mark.parametrize('cameras', ['0', '17'])
def test_a_rig_of_no_or_of_too_many_cameras_is_refused(cameras, capsys):
    assert main(['bench', 'rig', '--cameras', cameras]) != 0
    assert '1 to 16 cameras' in capsys.readouterr().err
