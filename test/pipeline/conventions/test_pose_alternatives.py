# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Other meanings of poses: which of 25 explains exact points, and where the camera is."""

import numpy as np
import pytest
from support.worlds.shared_points import poses_at, shared_points

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.pipeline.conventions.epipolar import costs_of, typical_px
from scene_reloc_ros.pipeline.conventions.pose_alternatives import pose_alternatives, refined
from scene_reloc_ros.pipeline.conventions.report import Mistake

# columns: where x, y and z of the given frame point in the optical one (right, down, ahead)
BODY = np.array(((0.0, -1, 0), (0, 0, -1), (1, 0, 0)))
OPENGL = np.diag((1.0, -1.0, -1.0))
UPSIDE_DOWN = np.diag((-1.0, -1.0, 1.0))
BLENDER_BODY = np.array(((1.0, 0, 0), (0, 0, -1), (0, 1, 0)))  # x right, y ahead, z up


def of_frame(poses, cam_from_given, lever=(0, 0, 0)):
    """Return the poses of a frame on the camera."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cam_from_given, lever
    return poses @ pose


def best_of(given, pairs):
    return min(pose_alternatives(), key=lambda one: costs_of(one.of(given), pairs).mean())


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('mistake, words, given_of', [
    (Mistake.INVERTED_POSES, 'are cam_from_map: invert', invert_pose),
    (Mistake.INVERTED_POSES, 'with the axes of OpenGL',
     lambda poses: invert_pose(of_frame(poses, OPENGL))),
    (Mistake.WRONG_AXES, 'OpenGL', lambda poses: of_frame(poses, OPENGL)),
    (Mistake.WRONG_AXES, 'are -x, -y, z of', lambda poses: of_frame(poses, UPSIDE_DOWN)),
    (Mistake.WRONG_FRAME, 'x ahead, y left, z up', lambda poses: of_frame(poses, BODY)),
    (Mistake.WRONG_FRAME, 'are x, -z, y of', lambda poses: of_frame(poses, BLENDER_BODY)),
])
def test_the_right_meaning_explains_the_points_best(mistake, words, given_of, seed):
    poses = poses_at(seed=seed)
    pairs, given = shared_points(poses, seed=seed), given_of(poses)
    best = best_of(given, pairs)
    assert best.mistake is mistake and words in best.sentence
    assert typical_px(costs_of(best.of(given), pairs)) < 1.0 < 10.0 < typical_px(
        costs_of(given, pairs))


@pytest.mark.parametrize('seed', range(3))
def test_a_camera_that_looks_down_from_a_robot_is_found_where_it_is(seed):
    poses = poses_at(seed=seed)
    pairs = shared_points(poses, seed=seed)
    tilt = np.radians(15)
    looks_down = np.array(((1, 0, 0), (0, np.cos(tilt), -np.sin(tilt)),
                           (0, np.sin(tilt), np.cos(tilt))))
    given = of_frame(poses, looks_down @ BODY, (0.1, 0.3, -0.2))
    begun = best_of(given, pairs)
    found = refined(begun, given, pairs)
    assert found.mistake is Mistake.WRONG_FRAME and 'which is about (' in found.sentence
    assert typical_px(costs_of(found.of(given), pairs)) < 1.0
    given_from_cam = np.linalg.inv(np.linalg.inv(poses[0]) @ given[0])
    np.testing.assert_allclose(found.given_from_cam, given_from_cam, atol=0.02)


def test_all_axes_are_tried_once():
    rotations = {tuple(one.given_from_cam[:3, :3].reshape(-1).tolist())
                 for one in pose_alternatives() if not one.inverted}
    assert len(rotations) == 23
    assert tuple(np.eye(3).reshape(-1).tolist()) not in rotations
